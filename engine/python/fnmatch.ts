/**
 * Python's `fnmatch.translate`: an expression that matches the whole name by `*`, `?`, `[abc]`, `[!abc]`; a `[` that
 * nothing closes is itself.
 */
export function translateGlob(glob: string): string {
  let source = ''
  let index = 0
  while (index < glob.length) {
    const char = glob.charAt(index)
    const set = char === '[' ? readSet(glob, index) : undefined
    if (set !== undefined) {
      source += set.source
      index = set.next
      continue
    }
    if (char === '*') source += '.*'
    else if (char === '?') source += '.'
    else source += literal(char)
    index += 1
  }
  return `(?s:${source})\\Z`
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|-]/g, '\\$&')
}

/** `]` right after the opening belongs to the set. An upside-down range (`[z-a]`) matches nothing. */
function readSet(glob: string, open: number): { source: string; next: number } | undefined {
  let first = open + 1
  const isNegative = glob.charAt(first) === '!'
  if (isNegative) first += 1
  const close = glob.indexOf(']', glob.charAt(first) === ']' ? first + 1 : first)
  if (close < 0) return undefined
  const parts: string[] = []
  for (let index = first; index < close; index += 1) {
    const from = glob.charAt(index)
    const isRange = glob.charAt(index + 1) === '-' && index + 2 < close
    if (!isRange) {
      parts.push(literal(from))
      continue
    }
    const to = glob.charAt(index + 2)
    if (from <= to) parts.push(`${literal(from)}-${literal(to)}`)
    index += 2
  }
  const body = parts.join('')
  if (body === '') return { source: isNegative ? '.' : '(?!)', next: close + 1 }
  return { source: `[${isNegative ? '^' : ''}${body}]`, next: close + 1 }
}
