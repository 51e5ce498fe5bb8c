/** A text as it is searched: with what stands at each place of it in the text itself. */
export interface View {
  readonly text: string
  /** Where the characters from `start` up to `end` (exclusive) of the view stand in the text. */
  readonly place: (start: number, end: number) => Range
}

export type Range = readonly [start: number, end: number]

export const asItStands = (text: string): View => ({ text, place: (start, end) => [start, end] })

/**
 * A text as whoever reads it takes it: escapes of JSON, YAML, Python, Go, URLs and HTML are what they mean, quotes and
 * backslashes are left out, white space is a blank. A secret reads the same in whatever way it is written, and so does
 * one with escapes of its own, for both sides are read alike.
 */
export function readable(text: string): View {
  if (!isWritten.test(text)) return asItStands(text)
  const parts = partsMaker(text)
  escapes.lastIndex = 0
  for (let match = escapes.exec(text); match !== null; match = escapes.exec(text))
    parts.replace(match.index, escapes.lastIndex, unquoted(meaningOf(match)))
  return parts.view()
}

/** Without white space: what `base64` and `xxd -p` print breaks into lines of any length, at any depth. */
export function dense({ text, place }: View): View {
  const parts = partsMaker(text)
  blanks.lastIndex = 0
  for (let match = blanks.exec(text); match !== null; match = blanks.exec(text))
    parts.replace(match.index, blanks.lastIndex, '')
  const view = parts.view()
  return { text: view.text, place: (start, end) => place(...view.place(start, end)) }
}

const isWritten = /[\\%&'"\n\t\r]/
const blanks = / +/g
const drops = /['"\\]/g

/**
 * `%2522` and `&amp;lt;` have been written twice. An escape may stand in a text that was itself escaped, so backslashes
 * are any number.
 */
const escapes =
  /\\+(?:[nrt]|x([0-9a-f]{2})|u([0-9a-f]{4})|u\{([0-9a-f]{1,6})\}|U([0-9a-f]{8}))|((?:%(?:25)*[0-9a-f]{2})+)|&(?:amp;)*(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(lt|gt|amp|quot|apos));|[\n\t\r]|['"]|\\+/gi

const names: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function meaningOf(match: RegExpExecArray): string {
  const [written, byte, short, braced, long, url, hex, decimal, name] = match
  if (url !== undefined) return bytesIn(url)
  if (name !== undefined) return names[name.toLowerCase()] ?? ''
  const code = byte ?? short ?? braced ?? long ?? hex
  if (code !== undefined) return character(Number.parseInt(code, 16))
  if (decimal !== undefined) return character(Number(decimal))
  return /['"\\]$/.test(written) ? '' : ' '
}

/** Read, but for its escapes. */
export const unquoted = (meaning: string): string => meaning.replace(/[\n\t\r]/g, ' ').replace(drops, '')

const character = (code: number): string => (code > 0x10ffff ? '' : String.fromCodePoint(code))

/** Bytes of UTF-8; what is none is taken one by one. */
function bytesIn(url: string): string {
  const bytes = Buffer.from(url.replace(/%(?:25)*(?=[0-9a-f]{2})/gi, ''), 'hex')
  const text = bytes.toString('utf8')
  return text.includes('\uFFFD') ? bytes.toString('latin1') : text
}

/** Builds a view piece by piece: what is not replaced stays. */
function partsMaker(text: string) {
  const starts: number[] = []
  const from: number[] = []
  const to: number[] = []
  const pieces: string[] = []
  let length = 0
  let done = 0
  const add = (piece: string, start: number, end: number): void => {
    if (piece === '') return
    starts.push(length)
    from.push(start)
    to.push(end)
    pieces.push(piece)
    length += piece.length
  }
  const keep = (end: number): void => add(text.slice(done, end), done, end)
  const partAt = (position: number): number => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= position) low = middle
      else high = middle - 1
    }
    return low
  }
  /** The characters of the text behind one of the view: itself, or the whole escape. */
  const behind = (position: number): Range => {
    const part = partAt(position)
    const [start = 0, end = 0] = [from[part], to[part]]
    const offset = position - (starts[part] ?? 0)
    return pieces[part]?.length === end - start ? [start + offset, start + offset + 1] : [start, end]
  }
  return {
    replace: (start: number, end: number, piece: string): void => {
      keep(start)
      add(piece, start, end)
      done = end
    },
    view: (): View => {
      keep(text.length)
      return { text: pieces.join(''), place: (start, end) => [behind(start)[0], behind(end - 1)[1]] }
    },
  }
}
