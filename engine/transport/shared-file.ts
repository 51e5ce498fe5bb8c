import { type FileHandle, open } from 'node:fs/promises'

/** A file that several hosts are sent at the same time. */
export interface SharedFile {
  /** Block number n; empty past the end. Every host gets the same bytes in memory, as long as they keep pace. */
  readonly block: (number: number) => Promise<Uint8Array>
  readonly release: () => Promise<void>
}

/** Bytes of a block, and how many are kept for hosts that lag behind: what is older is read once more. */
const blockSize = 256 * 1024
const kept = 64

interface Open {
  readonly handle: Promise<FileHandle>
  readonly blocks: Map<number, Promise<Uint8Array>>
  readers: number
}

// Files that are being sent right now, by path; a file is open once, however many hosts are sent it.
const opened = new Map<string, Open>()

/** Opens a file, or joins those who read it already. */
export function shareFile(path: string): SharedFile {
  const file = opened.get(path) ?? { handle: open(path, 'r'), blocks: new Map(), readers: 0 }
  // Who reads a block learns of it; nobody may be waiting yet.
  file.handle.catch(() => {})
  opened.set(path, file)
  file.readers += 1
  return {
    block: number => {
      const known = file.blocks.get(number)
      if (known) return known
      const reading = readBlock(file.handle, number)
      reading.catch(() => {})
      file.blocks.set(number, reading)
      const [oldest] = file.blocks.keys()
      if (file.blocks.size > kept && oldest !== undefined) file.blocks.delete(oldest)
      return reading
    },
    release: async () => {
      file.readers -= 1
      if (file.readers > 0) return
      opened.delete(path)
      await file.handle.then(
        handle => handle.close(),
        () => {},
      )
    },
  }
}

async function readBlock(opening: Promise<FileHandle>, number: number): Promise<Uint8Array> {
  const handle = await opening
  const buffer = Buffer.allocUnsafe(blockSize)
  let filled = 0
  while (filled < blockSize) {
    const { bytesRead } = await handle.read(buffer, filled, blockSize - filled, number * blockSize + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
