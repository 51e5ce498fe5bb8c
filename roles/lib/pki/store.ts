import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { chmod, link, mkdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/**
 * A folder of keys and certificates on the control machine: folders 0700, keys 0600. In check mode it only remembers.
 */
export interface Store {
  readonly dir: string
  readonly read: (name: string) => Promise<string | undefined>
  readonly write: (name: string, content: string) => Promise<void>
  /** Refuses to replace: an authority is never made anew behind the back of who uses it. */
  readonly create: (name: string, content: string) => Promise<void>
}

export function store(dir: string, options: { readonly check: boolean }): Store {
  const memory = new Map<string, string>()
  if (options.check) {
    const remember = async (name: string, content: string): Promise<void> => void memory.set(name, content)
    return {
      dir,
      read: async name => memory.get(name) ?? (await readPrivate(join(dir, name), false)),
      write: remember,
      create: remember,
    }
  }
  return {
    dir,
    read: name => readPrivate(join(dir, name), true),
    write: async (name, content) => {
      const path = join(dir, name)
      await rename(await writeBeside(path, content), path)
    },
    create: async (name, content) => {
      const path = join(dir, name)
      const temporary = await writeBeside(path, content)
      try {
        await link(temporary, path)
      } finally {
        await unlink(temporary)
      }
    },
  }
}

/** What is to be written, by its name, in the order in which it was made. */
export type Pending = Map<string, { readonly content: string; readonly create: boolean }>

/** A store that only remembers what is written, until `keepPending` writes it. */
export function pendingStore(dir: string, pending: Pending): Store {
  const disk = store(dir, { check: false })
  return {
    dir,
    read: async name => pending.get(name)?.content ?? (await disk.read(name)),
    write: async (name, content) => void pending.set(name, { content, create: false }),
    create: async (name, content) => void pending.set(name, { content, create: true }),
  }
}

/** Writes what is pending, at once: who uses it does so next. */
export function keepPending(dir: string, pending: Pending): void {
  for (const [name, { content, create }] of pending) {
    const path = join(dir, name)
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const temporary = besideOf(path)
    writeFileSync(temporary, content, { mode: modeOf(path), flag: 'wx' })
    if (create) {
      try {
        linkSync(temporary, path)
      } finally {
        unlinkSync(temporary)
      }
    } else renameSync(temporary, path)
    pending.delete(name)
  }
}

/** Keys, and tokens. */
const isSecret = (path: string): boolean => /\.(key|csv)$/.test(path)

async function writeBeside(path: string, content: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = besideOf(path)
  await writeFile(temporary, content, { mode: modeOf(path), flag: 'wx' })
  return temporary
}

const besideOf = (path: string): string => `${path}.${randomBytes(6).toString('hex')}`

const modeOf = (path: string): number => (isSecret(path) ? 0o600 : 0o644)

async function readPrivate(path: string, repair: boolean): Promise<string | undefined> {
  try {
    if (repair && isSecret(path) && ((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600)
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
