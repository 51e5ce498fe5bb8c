import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** A disk of 64 KiB below a directory, for as long as `use` takes. Nothing is done where none can be mounted. */
export async function onSmallDisk(directory: string, use: (disk: SmallDisk) => Promise<void> | void): Promise<void> {
  const path = mkdtempSync(join(directory, 'disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', path], { stdio: 'ignore' })
  } catch {
    return
  }
  const filler = join(path, 'filler')
  try {
    await use({
      path,
      fill: () => {
        try {
          for (;;) appendFileSync(filler, Buffer.alloc(4096))
        } catch {
          // It is full.
        }
      },
      free: () => rmSync(filler, { force: true }),
    })
  } finally {
    execFileSync('umount', [path])
    rmdirSync(path)
  }
}

export interface SmallDisk {
  readonly path: string
  /** To the last block: what is begun may be written a little further. */
  readonly fill: () => void
  readonly free: () => void
}
