import { randomBytes } from 'node:crypto'
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

/** Keys, and tokens. */
const isSecret = (path: string): boolean => /\.(key|csv)$/.test(path)

async function writeBeside(path: string, content: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(temporary, content, { mode: isSecret(path) ? 0o600 : 0o644, flag: 'wx' })
  return temporary
}

async function readPrivate(path: string, repair: boolean): Promise<string | undefined> {
  try {
    if (repair && isSecret(path) && ((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600)
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
