/** What the runtime says. See the head of runtime.sh. */
export interface Frame {
  readonly event: string
  /** Number of the request that it answers; 0 for the channel itself. */
  readonly request: number
  /** What of the request: number of a fact, id of an item, reason of a refusal. */
  readonly name: string
  readonly extra: readonly string[]
  readonly payload: Buffer
}

/** The line that the runtime puts between its own words and what others have printed. */
export const markOf = (nonce: string): string => `\nrota:${nonce}:\n`

/** Takes what arrives in pieces and gives the frames that are complete. Throws when what arrives is no frame. */
export interface FrameReader {
  readonly push: (chunk: Buffer) => readonly Frame[]
  /** What came before the first frame: a banner, noise of a login shell, an error message. Cut to its end when long. */
  readonly noise: () => string
}

const longestNoise = 16_384

export function frameReader(nonce: string): FrameReader {
  const mark = Buffer.from(markOf(nonce))
  let begun = false
  let noise: Buffer = Buffer.alloc(0)
  let chunks: Buffer[] = []
  let have = 0
  let need = 0
  let header: Header | undefined

  const skipNoise = (chunk: Buffer): Buffer | undefined => {
    noise = Buffer.concat([noise, chunk])
    const at = noise.indexOf(mark)
    if (at < 0) {
      noise = noise.subarray(Math.max(0, noise.length - longestNoise))
      return undefined
    }
    const rest = noise.subarray(at + mark.length)
    noise = noise.subarray(0, at)
    begun = true
    return rest
  }

  const readFrames = (): readonly Frame[] => {
    const frames: Frame[] = []
    let buffer: Buffer = Buffer.concat(chunks)
    for (;;) {
      if (header === undefined) {
        const end = buffer.indexOf(10)
        if (end < 0) {
          need = buffer.length + 1
          break
        }
        header = headerOf(buffer.subarray(0, end).toString())
        buffer = buffer.subarray(end + 1)
      }
      const { length, ...frame } = header
      need = length + 1
      if (buffer.length < need) break
      if (buffer[length] !== 10) throw new Error(`the frame "${frame.event}" is not ${length} bytes long`)
      frames.push({ ...frame, payload: Buffer.from(buffer.subarray(0, length)) })
      buffer = buffer.subarray(length + 1)
      header = undefined
    }
    chunks = [buffer]
    have = buffer.length
    return frames
  }

  return {
    push: chunk => {
      const rest = begun ? chunk : skipNoise(chunk)
      if (rest === undefined) return []
      chunks.push(rest)
      have += rest.length
      // A long payload arrives in thousands of chunks: they are joined once, when there are enough of them.
      return have < need ? [] : readFrames()
    },
    noise: () => noise.toString(),
  }
}

type Header = Omit<Frame, 'payload'> & { readonly length: number }

function headerOf(line: string): Header {
  const [event, request, name, length, ...extra] = line.split(' ')
  if (
    event === undefined ||
    name === undefined ||
    !/^\d+$/.test(request ?? '') ||
    length === undefined ||
    !/^\d+$/.test(length)
  )
    throw new Error(`this is no frame: ${JSON.stringify(line.slice(0, 200))}`)
  return {
    event,
    request: Number(request),
    name,
    length: Number(length),
    extra: extra.filter(word => word !== ''),
  }
}
