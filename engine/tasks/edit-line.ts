import { regexp } from './regexp.ts'

export interface LineEdit {
  readonly state: 'present' | 'absent'
  readonly line?: string | undefined
  readonly regexp?: string | undefined
  readonly insertAfter?: string | undefined
  readonly insertBefore?: string | undefined
  readonly backrefs?: boolean | undefined
  readonly firstMatch?: boolean | undefined
}

/** Text in which the line is there once, or no line matches, as Ansible's `lineinfile` does it. */
export const editLine = (original: string, edit: LineEdit): string =>
  edit.state === 'absent' ? without(original, edit) : withLine(original, edit)

function without(original: string, { line, regexp: source }: LineEdit): string {
  const expression = source === undefined ? undefined : regexp(source)
  return splitLines(original)
    .filter(each => (expression ? !expression.test(bare(each)) : bare(each) !== line))
    .join('')
}

function withLine(original: string, edit: LineEdit): string {
  const { line = '', insertAfter, insertBefore, firstMatch } = edit
  const lines = [...splitLines(original)]
  const expression = edit.regexp === undefined ? undefined : regexp(edit.regexp)
  const matching = lines.flatMap((each, index) => (expression?.test(bare(each)) ? [index] : []))
  const matched = firstMatch ? matching[0] : matching.at(-1)
  if (matched !== undefined && expression) {
    const match = expression.exec(bare(lines[matched] ?? ''))
    return replaced(lines, matched, edit.backrefs && match ? expand(line, match) : line)
  }
  const exact = lines.findLastIndex(each => bare(each) === line)
  if (exact >= 0) return replaced(lines, exact, line)
  // Without a match there is nothing that the back references could stand for.
  if (edit.backrefs) return original
  if (insertBefore === 'BOF' || insertAfter === 'BOF') return [`${line}\n`, ...lines].join('')
  const pattern = insertAfter === 'EOF' ? undefined : (insertAfter ?? insertBefore)
  const around = pattern === undefined ? undefined : regexp(pattern)
  const neighbours = lines.flatMap((each, index) => (around?.test(bare(each)) ? [index] : []))
  const neighbour = firstMatch ? neighbours[0] : neighbours.at(-1)
  const at = neighbour === undefined ? lines.length : insertAfter === undefined ? neighbour : neighbour + 1
  const before = lines.slice(0, at).join('')
  return `${before === '' || before.endsWith('\n') ? before : `${before}\n`}${line}\n${lines.slice(at).join('')}`
}

const replaced = (lines: readonly string[], at: number, line: string): string =>
  lines.map((each, index) => (index === at ? (line.endsWith('\n') ? line : `${line}\n`) : each)).join('')

/** Python's `match.expand`: `\1`, `\g<1>`, `\g<name>`; a group that took no part is empty. */
const expand = (template: string, match: RegExpExecArray): string =>
  template.replace(/\\(?:(\d{1,2})|g<(\w+)>|([nrt\\]))/g, (_, number?: string, name?: string, char?: string) => {
    if (char !== undefined) return { n: '\n', r: '\r', t: '\t' }[char] ?? '\\'
    const key = number ?? name ?? ''
    return (/^\d+$/.test(key) ? match[Number(key)] : match.groups?.[key]) ?? ''
  })

const bare = (line: string): string => line.replace(/[\r\n]+$/, '')
/** Lines with their ends, at LF alone, as Python reads a binary file. */
const splitLines = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []
