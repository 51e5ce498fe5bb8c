import { readFileSync } from 'node:fs'
import { messageOf } from '../../failure/index.ts'
import { isVaulted, openVault, type VaultSecret } from '../../vault/index.ts'
import { failed } from '../output-file.ts'

/** A file to work on, or `-` for stdin. */
export function readInput(name: string): Buffer {
  try {
    return readFileSync(name === '-' ? 0 : name)
  } catch (error) {
    throw failed(name, `can't be read: ${messageOf(error)}`)
  }
}

/** Opens a vault that is a whole file. */
export function openFile(name: string, secrets: readonly VaultSecret[]) {
  const text = readInput(name).toString('latin1')
  if (!isVaulted(text)) throw failed(name, 'this is not vaulted')
  return openVault(text, secrets, { file: name, line: 1, column: 1 })
}
