import { limitedSteps, regexp, replacement } from '../regexp/index.ts'

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
  const steps = limitedSteps()
  return splitLines(original)
    .filter(each => (expression ? !expression.search(bare(each), steps) : bare(each) !== line))
    .join('')
}

function withLine(original: string, edit: LineEdit): string {
  const { line = '', insertAfter, insertBefore, firstMatch } = edit
  const lines = splitLines(original)
  // One limit for the whole file, which its host has written.
  const steps = limitedSteps()
  const expression = edit.regexp === undefined ? undefined : regexp(edit.regexp)
  const matching = lines.flatMap((each, index) => {
    const match = expression?.search(bare(each), steps)
    return match ? [{ index, match }] : []
  })
  const matched = firstMatch ? matching[0] : matching.at(-1)
  if (matched !== undefined && expression)
    return replaced(lines, matched.index, edit.backrefs ? replacement(line, expression)(matched.match) : line)
  const exact = lines.findLastIndex(each => bare(each) === line)
  if (exact >= 0) return replaced(lines, exact, line)
  // Without a match there is nothing that the back references could stand for.
  if (edit.backrefs) return original
  if (insertBefore === 'BOF' || insertAfter === 'BOF') return [`${line}\n`, ...lines].join('')
  const pattern = insertAfter === 'EOF' ? undefined : (insertAfter ?? insertBefore)
  const around = pattern === undefined ? undefined : regexp(pattern)
  const neighbours = lines.flatMap((each, index) => (around?.search(bare(each), steps) ? [index] : []))
  const neighbour = firstMatch ? neighbours[0] : neighbours.at(-1)
  const at = neighbour === undefined ? lines.length : insertAfter === undefined ? neighbour : neighbour + 1
  const before = lines.slice(0, at).join('')
  return `${before === '' || before.endsWith('\n') ? before : `${before}\n`}${line}\n${lines.slice(at).join('')}`
}

const replaced = (lines: readonly string[], at: number, line: string): string =>
  lines.map((each, index) => (index === at ? (line.endsWith('\n') ? line : `${line}\n`) : each)).join('')

/** No expression: on a line of nothing but carriage returns, one would look at each of them again and again. */
const bare = (line: string): string => {
  let end = line.length
  while (end > 0 && (line[end - 1] === '\n' || line[end - 1] === '\r')) end -= 1
  return line.slice(0, end)
}
/** Lines with their ends, at LF alone, as Python reads a binary file. */
/** Each with the line feed that ends it. */
export const splitLines = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []
