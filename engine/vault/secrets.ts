import { type Refused, refused } from '../failure/index.ts'
import { filesOf, start } from '../files/index.ts'
import type { VaultSecret } from './vault.ts'

export interface VaultOptions {
  /** `--vault-password-file`, in order; each has the id `default`. */
  readonly passwordFiles?: readonly string[]
  /** `--vault-id`: `label@file`, `label@prompt` or a file. */
  readonly ids?: readonly string[]
  /** Asks a person; needed for `prompt`. */
  readonly ask?: (id: string) => Promise<string>
  readonly cwd?: string
}

/**
 * Reads vault passwords from files, executables (their output) and prompts, as Ansible does. Throws a refusal.
 */
export async function readVaultSecrets(options: VaultOptions): Promise<readonly VaultSecret[]> {
  const cwd = options.cwd ?? process.cwd()
  const wanted = [
    ...(options.ids ?? []).map(parseId),
    ...(options.passwordFiles ?? []).map(from => ({ id: 'default', from })),
  ]
  const secrets: VaultSecret[] = []
  for (const { id, from } of wanted) {
    const password = isPrompt(from) ? await ask(id, options) : await readPassword(id, from, cwd)
    if (password === '') throw failed(`the vault password of '${id}' is empty`, from)
    secrets.push({ id, password })
  }
  return secrets
}

function parseId(text: string): { id: string; from: string } {
  const at = text.indexOf('@')
  return at < 0 ? { id: 'default', from: text } : { id: text.slice(0, at) || 'default', from: text.slice(at + 1) }
}

const isPrompt = (from: string): boolean => /^prompt(?:_ask_vault_pass)?$/.test(from)

function failed(message: string, from: string): Refused {
  return refused([isPrompt(from) ? { message } : { message, origin: start(from) }])
}

async function ask(id: string, { ask }: VaultOptions): Promise<string> {
  if (ask === undefined) throw failed(`vault id '${id}' needs a prompt, and nobody can be asked here`, 'prompt')
  return ask(id)
}

/** A file whose name ends in `-client` gets the id, as in Ansible. */
async function readPassword(id: string, file: string, cwd: string): Promise<string> {
  const files = filesOf(cwd)
  if (files.kindOf(file) !== 'file') throw failed('there is no such vault password file', file)
  if (!files.isExecutable(file)) {
    const read = files.read(file)
    if ('problem' in read) throw refused([read.problem])
    return read.text.trim()
  }
  const args = /-client(?:\.\w+)?$/.test(file) ? ['--vault-id', id] : []
  const { execa } = await import('execa')
  const result = await execa(files.absolute(file), args, { reject: false, stdin: 'inherit', stderr: 'inherit' })
  if (result.failed)
    throw failed(`the vault password script failed with status ${result.exitCode ?? result.code}`, file)
  return result.stdout.replace(/[\r\n]+$/, '')
}
