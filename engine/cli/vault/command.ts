import { existsSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { execa } from 'execa'
import { encryptVault, isVaulted, type VaultSecret } from '../../vault/index.ts'
import { readConfig, type Settings } from '../config/config.ts'
import { failed, writeOutput } from '../output-file.ts'
import { printNotes } from '../problems.ts'
import { several } from '../usage.ts'
import { addVaultFlags, askOnce, askTwice, type VaultFlags, vaultSecretsFrom } from '../vault-flags.ts'
import { addVersion } from '../version.ts'
import { edit } from './editor.ts'
import { encryptStrings, type StringFlags } from './encrypt-string.ts'
import { openFile, readInput } from './files.ts'
import { secretToEncrypt } from './secrets.ts'

interface Flags extends VaultFlags {
  readonly encryptVaultId?: string
  readonly output?: string
  readonly newVaultId?: string
  readonly newVaultPasswordFile?: string
}

/** `rota vault`: the same actions, flags and file format as ansible-vault. */
export function vaultCommand(): Command {
  const { settings, notes } = readConfig()
  const sayNotes = () => printNotes(notes)
  const verbose = (command: Command) =>
    command.option('-v, --verbose', 'say which settings were taken from where').on('option:verbose', sayNotes)
  const vault = verbose(addVersion(new Command('vault'))).description(
    'make, read and change vaults, compatible with ansible-vault both ways',
  )
  const action = (name: string, description: string, files: string) =>
    verbose(addVaultFlags(vault.command(`${name} ${files}`).description(description)))
  const encrypts = (command: Command) =>
    command.option('--encrypt-vault-id <id>', 'which of several vault ids to encrypt with')
  const outputs = (command: Command) => command.option('--output <file>', 'where to write, - for stdout')

  encrypts(action('create', 'write a new vault in an editor', '<file>')).action(async (file: string, flags: Flags) => {
    if (existsSync(file)) throw failed(file, 'it is there already', 'change it with: rota vault edit')
    const secret = await encryptingSecret(flags, settings)
    writeOutput(file, encryptVault(await edit(file, Buffer.alloc(0)), secret))
  })
  action('view', 'show what a vault holds', '<files...>').action(async (files: readonly string[], flags: Flags) => {
    const secrets = await openingSecrets(flags, settings)
    for (const file of files) await show(openFile(file, secrets).bytes)
  })
  encrypts(action('edit', 'change what a vault holds in an editor', '<files...>')).action(
    async (files: readonly string[], flags: Flags) => {
      const secrets = await openingSecrets(flags, settings)
      for (const file of files) {
        const { bytes, secret, id } = openFile(file, secrets)
        const edited = await edit(file, bytes)
        const wanted = flags.encryptVaultId
          ? secretToEncrypt(secrets, flags.encryptVaultId)
          : { ...secret, id: id ?? 'default' }
        if (!edited.equals(bytes)) writeOutput(file, encryptVault(edited, wanted))
      }
    },
  )
  encrypts(outputs(action('encrypt', 'encrypt files in place, or stdin', '[files...]'))).action(
    async (files: readonly string[], flags: Flags) => {
      const secret = await encryptingSecret(flags, settings)
      for (const file of inputs(files, flags)) {
        const bytes = readInput(file)
        if (isVaulted(bytes.toString('latin1'))) throw failed(file, 'it is encrypted already')
        writeOutput(flags.output ?? file, encryptVault(bytes, secret))
      }
    },
  )
  outputs(action('decrypt', 'decrypt files in place, or stdin', '[files...]')).action(
    async (files: readonly string[], flags: Flags) => {
      const secrets = await openingSecrets(flags, settings)
      // What comes out is for its owner only, whatever the mode of the vault was.
      for (const file of inputs(files, flags)) writeOutput(flags.output ?? file, openFile(file, secrets).bytes, 0o600)
    },
  )
  encrypts(outputs(action('encrypt_string', 'print texts as !vault values', '[texts...]')))
    .option('-n, --name <name>', 'name of the variable; may be repeated', several, [])
    .option('--stdin-name <name>', 'name of the variable read from stdin')
    .option('-p, --prompt', 'ask for the text')
    .option('--show-input', 'with --prompt: show what is typed')
    .action(async (texts: readonly string[], flags: Flags & StringFlags) => {
      encryptStrings(texts, flags, await encryptingSecret(flags, settings))
    })
  encrypts(action('rekey', 'encrypt vaults with another password', '<files...>'))
    .option('--new-vault-id <id@source>', 'the new vault id')
    .option('--new-vault-password-file <file>', 'file or script with the new password')
    .action(async (files: readonly string[], flags: Flags) => {
      const secrets = await openingSecrets(flags, settings)
      const opened = files.map(file => ({ file, bytes: openFile(file, secrets).bytes }))
      const secret = await newSecret(flags)
      for (const { file, bytes } of opened) writeOutput(file, encryptVault(bytes, secret))
      process.stderr.write('Rekey successful\n')
    })
  return vault
}

const nothing: VaultFlags = { vaultId: [], vaultPasswordFile: [], vaultPassFile: [] }
const asking: VaultFlags = { ...nothing, askVaultPass: true }

async function openingSecrets(flags: Flags, settings: Settings): Promise<readonly VaultSecret[]> {
  const given = await vaultSecretsFrom(flags, settings, askOnce)
  return given.length > 0 ? given : vaultSecretsFrom(asking, {}, askOnce)
}

async function encryptingSecret(flags: Flags, settings: Settings): Promise<VaultSecret> {
  const given = await vaultSecretsFrom(flags, settings, askTwice)
  const secrets = given.length > 0 ? given : await vaultSecretsFrom(asking, {}, askTwice)
  return secretToEncrypt(secrets, flags.encryptVaultId ?? settings.vaultEncryptId?.value)
}

async function newSecret({ newVaultId, newVaultPasswordFile, encryptVaultId }: Flags): Promise<VaultSecret> {
  const given = {
    ...nothing,
    vaultId: newVaultId ? [newVaultId] : [],
    vaultPasswordFile: newVaultPasswordFile ? [newVaultPasswordFile] : [],
  }
  const asked = newVaultId || newVaultPasswordFile ? given : asking
  const secret = secretToEncrypt(await vaultSecretsFrom(asked, {}, askTwice), undefined)
  return encryptVaultId ? { ...secret, id: encryptVaultId } : secret
}

function inputs(files: readonly string[], { output }: Flags): readonly string[] {
  if (output !== undefined && files.length > 1) {
    process.stderr.write('error: --output goes with one file\n')
    throw new CommanderError(1, 'rota.output', '--output goes with one file')
  }
  return files.length > 0 ? files : ['-']
}

/** Through the pager on a terminal, as ansible-vault does. */
async function show(bytes: Buffer): Promise<void> {
  const pager = process.stdout.isTTY ? (process.env.PAGER ?? 'less') : ''
  if (pager === '') process.stdout.write(bytes)
  else await execa(pager, { input: bytes, stdout: 'inherit', stderr: 'inherit', shell: true, reject: false })
}
