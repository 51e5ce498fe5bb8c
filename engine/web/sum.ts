import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** What the content of a file must come to. */
export interface Sum {
  readonly algorithm: 'sha256' | 'sha512'
  /** In small letters. */
  readonly hex: string
}

/**
 * A checksum as kubespray writes it (`sha256:HEX`), as digits alone, or as it is published beside a file (`HEX  NAME`);
 * undefined for anything else.
 */
export function sumFrom(text: string): Sum | undefined {
  const found = /^(?:(sha256|sha512):)?([0-9a-f]+)(?:\s.*)?$/is.exec(text.trim())
  const hex = found?.[2]?.toLowerCase() ?? ''
  const algorithm = hex.length === 64 ? 'sha256' : hex.length === 128 ? 'sha512' : undefined
  const named = found?.[1]?.toLowerCase()
  return algorithm === undefined || (named !== undefined && named !== algorithm) ? undefined : { algorithm, hex }
}

/** The checksums of a file, by one reading of it. Throws where it can't be read. */
export async function sumsOf(path: string): Promise<Readonly<Record<Sum['algorithm'], string>>> {
  const [short, long] = [createHash('sha256'), createHash('sha512')]
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    short.update(chunk)
    long.update(chunk)
  }
  return { sha256: short.digest('hex'), sha512: long.digest('hex') }
}
