/** A directive of a configuration, with its place in the text. */
export interface Directive {
  /** With the names of the blocks around it: `stream/upstream/server`. */
  readonly path: string
  readonly args: readonly string[]
  /** From its name to the end of its `;` or `}`. */
  readonly start: number
  readonly end: number
  /** Of a block: where its body begins. */
  readonly body?: number
}

/**
 * All directives of a text, blocks before what is in them; nothing where the text is none of nginx's. Words, quoted
 * words, `;`, blocks in braces, `#` up to the end of the line.
 */
export function directivesIn(text: string): readonly Directive[] | undefined {
  const found: Directive[] = []
  const open: { readonly index: number; readonly path: string }[] = []
  let words: { readonly text: string; readonly at: number }[] = []
  for (const match of text.matchAll(/#[^\n]*|[{};]|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|[^\s{};]+/g)) {
    const [token] = match
    const at = match.index
    if (token.startsWith('#')) continue
    if (token === '}') {
      const block = open.pop()
      const started = block === undefined ? undefined : found[block.index]
      if (words.length > 0 || block === undefined || started === undefined) return undefined
      found[block.index] = { ...started, end: at + 1 }
    } else if (token === '{' || token === ';') {
      const [name, ...args] = words
      if (name === undefined) return undefined
      const path = [...(open.at(-1)?.path.split('/') ?? []), name.text].join('/')
      const directive = { path, args: args.map(arg => arg.text), start: name.at, end: at + 1 }
      if (token === '{') open.push({ index: found.length, path })
      found.push(token === '{' ? { ...directive, body: at + 1 } : directive)
      words = []
    } else words.push({ text: token, at })
  }
  return words.length > 0 || open.length > 0 ? undefined : found
}
