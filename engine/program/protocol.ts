import { heardOf } from './heard.ts'
import { longestHeader, mostNoise } from './limits.ts'

/** What the runtime says. See the head of runtime.sh. */
export interface Frame extends Head {
  readonly payload: Buffer
}

/** What a frame is, before its payload has come. */
export interface Head {
  readonly event: string
  /** Number of the request that it answers; 0 for the channel itself. */
  readonly request: number
  /** What of the request: number of a fact, id of an item, reason of a refusal. */
  readonly name: string
  readonly extra: readonly string[]
}

/** The line that the runtime puts between its own words and what others have printed. */
export const markOf = (nonce: string): string => `\nrota:${nonce}:\n`

/** Who takes the frames. Nothing that a host says is believed before it has been judged here. */
export interface Taker {
  /** How long the payload of this frame may be, in bytes. Throws where no such frame may come now. */
  readonly longest: (head: Head) => number
  /** Called before the next frame is judged. */
  readonly take: (frame: Frame) => void
}

/**
 * Takes what arrives in pieces and gives on the frames that are complete. Throws when what arrives is no frame, or none
 * that may come.
 */
export interface FrameReader {
  readonly push: (chunk: Buffer) => void
  /** What came before the first frame: a banner, noise of a login shell, an error message. Cut to its end when long. */
  readonly noise: () => string
}

/** More than is shown: its end is cut between lines (`heardOf`). */
const longestNoise = 32_768

export function frameReader(nonce: string, { longest, take }: Taker): FrameReader {
  const mark = Buffer.from(markOf(nonce))
  const arrived = gathered()
  let hasBegun = false
  let noise: Buffer = Buffer.alloc(0)
  let heard = 0
  let header: Header | undefined

  const skipNoise = (chunk: Buffer): Buffer | undefined => {
    noise = Buffer.concat([noise, chunk])
    const at = noise.indexOf(mark)
    if (at < 0) {
      heard += chunk.length
      noise = noise.subarray(Math.max(0, noise.length - longestNoise))
      if (heard > mostNoise) throw new Error(`it printed more than ${mostNoise} bytes before it said hello`)
      return undefined
    }
    const rest = noise.subarray(at + mark.length)
    noise = noise.subarray(0, at)
    hasBegun = true
    return rest
  }

  // An empty line between two frames says that a wait goes on.
  const skipEmptyLines = (): void => {
    const empty = arrived.bytes().findIndex(byte => byte !== 10)
    arrived.take(empty < 0 ? arrived.bytes().length : empty)
  }

  const readHeader = (): Header | undefined => {
    skipEmptyLines()
    const end = arrived.bytes().indexOf(10)
    if (end > longestHeader || (end < 0 && arrived.bytes().length > longestHeader))
      throw new Error(`this is no frame: ${quoted(arrived.bytes().subarray(0, longestHeader).toString())}`)
    if (end < 0) return undefined
    const read = headerOf(arrived.take(end + 1).toString('utf8', 0, end))
    const most = longest(read.head)
    if (read.length > most)
      throw new Error(`the frame ${quoted(read.head.event)} has ${read.length} bytes, it may have ${most}`)
    return read
  }

  const readFrames = (): void => {
    for (;;) {
      header ??= readHeader()
      if (header === undefined || arrived.bytes().length <= header.length) return
      const { head, length } = header
      if (arrived.bytes()[length] !== 10) throw new Error(`the frame ${quoted(head.event)} is not ${length} bytes long`)
      const payload = arrived.take(length + 1).subarray(0, length)
      header = undefined
      take({ ...head, payload })
    }
  }

  return {
    push: chunk => {
      const rest = hasBegun ? chunk : skipNoise(chunk)
      if (rest === undefined) return
      arrived.add(rest)
      readFrames()
    },
    noise: () => heardOf(noise.toString()),
  }
}

/** Bytes that wait to be read, in one piece: what comes in many small pieces must not cost more than its length. */
function gathered() {
  let buffer: Buffer = Buffer.alloc(0)
  let start = 0
  let end = 0
  return {
    /** Until the next `add`. */
    bytes: (): Buffer => buffer.subarray(start, end),
    add: (chunk: Buffer): void => {
      if (start === end && chunk.length > 0) {
        // Nothing waits: the piece is used as it came.
        buffer = chunk
        start = 0
        end = chunk.length
        return
      }
      const waiting = end - start
      // One that is used as it came has no room at its end, so it is never written to.
      if (end + chunk.length > buffer.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(2 * waiting, waiting + chunk.length))
        buffer.copy(larger, 0, start, end)
        buffer = larger
        start = 0
        end = waiting
      }
      chunk.copy(buffer, end)
      end += chunk.length
    },
    /** The first bytes, which are nobody else's from now on. */
    take: (length: number): Buffer => {
      const taken = buffer.subarray(start, start + length)
      start += length
      return taken
    },
  }
}

interface Header {
  readonly head: Head
  readonly length: number
}

function headerOf(line: string): Header {
  const [event, request, name, length, ...extra] = line.split(' ')
  if (
    event === undefined ||
    name === undefined ||
    !/^\d+$/.test(request ?? '') ||
    length === undefined ||
    !/^\d+$/.test(length)
  )
    throw new Error(`this is no frame: ${quoted(line)}`)
  return {
    head: { event, request: Number(request), name, extra: extra.filter(word => word !== '') },
    length: Number(length),
  }
}

const quoted = (text: string): string => JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text)
