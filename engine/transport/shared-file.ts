import { type FileHandle, open } from 'node:fs/promises'

/** A file that several hosts are sent at the same time. */
export interface SharedFile {
  /**
   * Block number n; empty past the end. Every host gets the same bytes in memory, as long as they keep pace. They are
   * those of this block until the same host asks for the next: then their memory may serve for another.
   */
  readonly block: (number: number) => Promise<Uint8Array>
  readonly release: () => Promise<void>
}

/** Bytes of a block, and how many are kept for hosts that lag behind: what is older is read once more. */
const blockSize = 256 * 1024
const kept = 128

interface Open {
  readonly handle: Promise<FileHandle>
  readonly blocks: Map<number, Block>
  readers: number
}

interface Block {
  readonly buffer: Buffer
  readonly bytes: Promise<Uint8Array>
  users: number
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
  let held: Block | undefined
  const letGo = (): void => {
    if (held) held.users -= 1
    held = undefined
  }
  return {
    block: number => {
      letGo()
      const block = file.blocks.get(number) ?? newBlock(file, number)
      block.users += 1
      held = block
      return block.bytes
    },
    release: async () => {
      letGo()
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

function newBlock({ handle, blocks }: Open, number: number): Block {
  const buffer = freed(blocks) ?? Buffer.allocUnsafeSlow(blockSize)
  const bytes = readBlock(handle, number, buffer)
  bytes.catch(() => {})
  const block = { buffer, bytes, users: 0 }
  blocks.set(number, block)
  return block
}

/** Memory is used again: to allocate as much as is sent would keep the garbage collector busy. */
function freed(blocks: Map<number, Block>): Buffer | undefined {
  if (blocks.size < kept) return undefined
  for (const [number, { users, buffer }] of blocks) {
    if (users > 0) continue
    blocks.delete(number)
    return buffer
  }
  return undefined
}

async function readBlock(opening: Promise<FileHandle>, number: number, buffer: Buffer): Promise<Uint8Array> {
  const handle = await opening
  let filled = 0
  while (filled < blockSize) {
    const { bytesRead } = await handle.read(buffer, filled, blockSize - filled, number * blockSize + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
