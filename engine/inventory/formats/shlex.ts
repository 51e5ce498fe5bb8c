export interface Token {
  readonly text: string
  /** Where it began, counted from 0. */
  readonly start: number
}

export type Split = { readonly tokens: readonly Token[] } | { readonly error: string; readonly at: number }

/** What cannot need the slow way: no quote, no escape, no comment. */
const plain = /["'\\#]/

/** Python's `shlex.split(line, comments=True)`: words by POSIX quoting, `#` ends the line even inside a word. */
export function shlexSplit(line: string): Split {
  return plain.test(line) ? splitQuoted(line) : { tokens: splitPlain(line) }
}

function splitPlain(line: string): Token[] {
  return [...line.matchAll(/[^ \t\r\n]+/g)].map(match => ({ text: match[0], start: match.index }))
}

function splitQuoted(line: string): Split {
  const tokens: Token[] = []
  let text = ''
  let start = -1
  const end = () => {
    if (start >= 0) tokens.push({ text, start })
    text = ''
    start = -1
  }
  let index = 0
  while (index < line.length) {
    const char = line.charAt(index)
    if (' \t\r\n'.includes(char)) {
      end()
      index += 1
      continue
    }
    if (char === '#') break
    if (start < 0) start = index
    if (char === '\\') {
      if (index + 1 >= line.length) return { error: 'No escaped character', at: index }
      text += line.charAt(index + 1)
      index += 2
    } else if (char === '"' || char === "'") {
      const quoted = readQuoted(line, index)
      if (quoted === undefined) return { error: 'No closing quotation', at: index }
      text += quoted.text
      index = quoted.next
    } else {
      text += char
      index += 1
    }
  }
  end()
  return { tokens }
}

/** Inside double quotes a backslash escapes only `"` and itself; inside single quotes nothing does. */
function readQuoted(line: string, open: number): { text: string; next: number } | undefined {
  const quote = line.charAt(open)
  let text = ''
  for (let index = open + 1; index < line.length; index += 1) {
    const char = line.charAt(index)
    if (char === quote) return { text, next: index + 1 }
    const next = line.charAt(index + 1)
    if (char === '\\' && quote === '"' && (next === '"' || next === '\\')) {
      text += next
      index += 1
    } else {
      text += char
    }
  }
  return undefined
}
