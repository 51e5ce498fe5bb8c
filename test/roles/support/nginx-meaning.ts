/** What a configuration of nginx says, whatever its layout: two texts with the same meaning give equal values. */
export interface Directive {
  readonly name: string
  readonly args: readonly string[]
  readonly block?: readonly Directive[]
}

/** Directives of nginx's grammar: words and quoted words, `;`, blocks in braces, `#` up to the end of the line. */
export function parseNginx(text: string): readonly Directive[] {
  const tokens = [...text.matchAll(/#[^\n]*|[{};]|"(?:\\.|[^"])*"|'(?:\\.|[^'])*'|[^\s{};]+/g)]
    .map(match => match[0])
    .filter(token => !token.startsWith('#'))
  let at = 0
  const body = (nested: boolean): readonly Directive[] => {
    const found: Directive[] = []
    for (;;) {
      if (at >= tokens.length) {
        if (nested) throw new Error('a block is not closed')
        return found
      }
      if (tokens[at] === '}') {
        if (!nested) throw new Error('a block is closed that was not opened')
        at += 1
        return found
      }
      const words: string[] = []
      while (at < tokens.length && !['{', '}', ';'].includes(tokens[at] ?? '')) words.push(tokens[at++] ?? '')
      const [name, ...args] = words
      const end = tokens[at++]
      if (name === undefined || (end !== ';' && end !== '{'))
        throw new Error(`a directive is not ended: ${words.join(' ')}`)
      found.push(end === ';' ? { name, args } : { name, args, block: body(true) })
    }
  }
  return body(false)
}

/**
 * The directives as a tree of sets: their order says nothing, but for what nginx itself takes in order, which these
 * configurations don't have. The name of an upstream is only a name, and `listen 8080` is every address.
 */
export function nginxMeaning(directives: readonly Directive[]): readonly unknown[] {
  const names = new Map(namesOf(directives).map((name, index) => [name, `upstream-${index}`]))
  const renamed = (arg: string): string => {
    const [, scheme = '', rest = ''] = /^(https?:\/\/)?(.*)$/.exec(arg) ?? []
    return `${scheme}${names.get(rest) ?? rest}`
  }
  const meaning = (list: readonly Directive[]): readonly unknown[] =>
    list
      .map(({ name, args, block }) => {
        const words = args.map(renamed)
        const address = name === 'listen' && /^\d+$/.test(words[0] ?? '') ? [`0.0.0.0:${words[0]}`] : words
        return [name, ...address, ...(block ? [meaning(block)] : [])]
      })
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  return meaning(directives)
}

const namesOf = (list: readonly Directive[]): readonly string[] =>
  list.flatMap(({ name, args, block = [] }) => [...(name === 'upstream' ? [args[0] ?? ''] : []), ...namesOf(block)])

/** The directives inside a block: `inside(parsed, 'http')`. */
export const inside = (list: readonly Directive[], name: string): readonly Directive[] =>
  list.find(directive => directive.name === name)?.block ?? []
