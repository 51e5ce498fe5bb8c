import { type Command, Option } from 'commander'
import { refused } from '../failure/index.ts'
import type { VaultSecret } from '../vault/index.ts'
import { readVaultSecrets } from '../vault/index.ts'
import { askSecret } from './ask.ts'
import type { Settings } from './config/config.ts'
import { several } from './usage.ts'

/** Where vault passwords come from, on every command that reads an inventory. */
export interface VaultFlags {
  readonly vaultId: readonly string[]
  readonly vaultPasswordFile: readonly string[]
  readonly vaultPassFile: readonly string[]
  readonly askVaultPass?: boolean
  readonly askVaultPassword?: boolean
}

export function addVaultFlags(command: Command): Command {
  return command
    .option('--vault-id <id@source>', 'vault password: ID@FILE, ID@SCRIPT or ID@prompt; may be repeated', several, [])
    .option('--vault-password-file <file>', 'file or script with the vault password; may be repeated', several, [])
    .addOption(new Option('--vault-pass-file <file>').argParser(several).default([]).hideHelp())
    .option('-J, --ask-vault-pass', 'ask for the vault password')
    .addOption(new Option('--ask-vault-password').hideHelp())
}

/** `prompts` are the questions in order; a new password is asked twice. */
export async function vaultSecretsFrom(
  flags: VaultFlags,
  { vaultIds, vaultPasswordFile, askVaultPass }: Settings,
  ask: AskVault = askOnce,
): Promise<readonly VaultSecret[]> {
  const asked = flags.askVaultPass || flags.askVaultPassword || askVaultPass?.value
  return readVaultSecrets({
    ids: [...(vaultIds?.value ?? []), ...flags.vaultId, ...(asked ? ['default@prompt'] : [])],
    passwordFiles: [
      ...flags.vaultPasswordFile,
      ...flags.vaultPassFile,
      ...(vaultPasswordFile ? [vaultPasswordFile.value] : []),
    ],
    ask,
  })
}

export type AskVault = (id: string) => Promise<string>

const labelled = (id: string): string => (id === 'default' ? '' : ` (${id})`)

export const askOnce: AskVault = async id => askSecret(`Vault password${labelled(id)}: `)()

export const askTwice: AskVault = async id => {
  const password = askSecret(`New vault password${labelled(id)}: `)()
  if (password === askSecret(`Confirm new vault password${labelled(id)}: `)()) return password
  throw refused([{ message: 'the two vault passwords are not the same' }])
}
