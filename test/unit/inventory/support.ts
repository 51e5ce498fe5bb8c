import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isFailure } from '../../../engine/failure/index.ts'
import { type Inventory, type LoadOptions, loadInventory } from '../../../engine/inventory/index.ts'

/**
 * Writes the files into a fresh directory, loads them and removes them. The source is `hosts.ini` unless said
 * otherwise.
 */
export async function load(
  files: Readonly<Record<string, string>>,
  options: Partial<LoadOptions> = {},
): Promise<Inventory> {
  const cwd = mkdtempSync(join(tmpdir(), 'rota-inventory-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(cwd, name)), { recursive: true })
      writeFileSync(join(cwd, name), text, { mode: text.startsWith('#!') ? 0o755 : 0o644 })
    }
    return await loadInventory({ sources: ['hosts.ini'], cwd, ...options })
  } finally {
    rmSync(cwd, { recursive: true })
  }
}

/** The messages of all problems, with their places; throws when there are none. */
export async function problemsOf(action: () => unknown): Promise<readonly string[]> {
  try {
    await action()
  } catch (error) {
    if (!isFailure(error, 'refused')) throw error
    return error.message.split('\n')
  }
  throw new Error('there was no problem')
}

export function values(inventory: Inventory, host: string): Record<string, unknown> {
  const vars = inventory.hosts.get(host)?.vars ?? new Map()
  return Object.fromEntries([...vars].map(([name, variable]) => [name, variable.value]))
}
