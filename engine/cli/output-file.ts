import { randomBytes } from 'node:crypto'
import {
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { messageOf, type Refused, refused } from '../failure/index.ts'

/**
 * Replaces a file in one step, so that there is always a whole one. It keeps its mode unless another is given, and its
 * owner; a new one is for its owner only. A link stays a link.
 */
export function writeOutput(name: string, content: Uint8Array | string, mode?: number): void {
  if (name === '-') {
    process.stdout.write(content)
    return
  }
  const before = statSync(name, { throwIfNoEntry: false })
  const target = before ? realpathSync(name) : name
  const beside = `${target}.${randomBytes(6).toString('hex')}`
  try {
    const file = openSync(beside, 'wx', mode ?? (before ? before.mode & 0o777 : 0o600))
    try {
      // Not writeSync, which takes a part where the disk is nearly full, and says no more than how much.
      writeFileSync(file, content)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    if (before && process.getuid?.() === 0) chownSync(beside, before.uid, before.gid)
    renameSync(beside, target)
  } catch (error) {
    rmSync(beside, { force: true })
    throw failed(name, `can't be written: ${messageOf(error)}`)
  }
}

export function failed(file: string, message: string, hint?: string): Refused {
  return refused([{ message, origin: { file, line: 1, column: 1 }, ...(hint ? { hint } : {}) }])
}
