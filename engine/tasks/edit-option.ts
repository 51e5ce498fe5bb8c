import { splitLines } from './edit-line.ts'

export interface OptionEdit {
  readonly state: 'present' | 'absent'
  /** Without one, what stands before the first section. */
  readonly section?: string | undefined
  /** Without one, the whole section is meant. */
  readonly option?: string | undefined
  /** Without one, the option stands alone on its line. */
  readonly value?: string | undefined
  readonly noExtraSpaces?: boolean | undefined
}

/** Text in which an option of a section has one value, or is not there, as Ansible's `ini_file` does it. */
export const editOption = (original: string, edit: OptionEdit): string =>
  edit.state === 'absent' ? without(original, edit) : withOption(original, edit)

/** Also where a section's name is there several times. */
function without(original: string, { section, option }: OptionEdit): string {
  let current: string | undefined
  return splitLines(original)
    .filter(line => {
      if (isHeader(line)) current = nameIn(line)
      return current !== section?.trim() || (option !== undefined && optionIn(line) !== option)
    })
    .join('')
}

function withOption(original: string, edit: OptionEdit): string {
  const lines = splitLines(original)
  const from = edit.section === undefined ? 0 : lines.findIndex(line => nameIn(line) === edit.section?.trim()) + 1
  if (edit.section !== undefined && from === 0) return withSection(original, edit)
  if (edit.option === undefined) return original
  const next = lines.findIndex((line, index) => index >= from && isHeader(line))
  const to = next < 0 ? lines.length : next
  return [...lines.slice(0, from), ...inSection(lines.slice(from, to), edit), ...lines.slice(to)]
    .map(endedBefore)
    .join('')
}

const withSection = (original: string, edit: OptionEdit): string =>
  `${ended(original)}[${edit.section}]\n${edit.option === undefined ? '' : `${lineOf(edit)}\n`}`

/**
 * Where there is no line of the option: one that is commented out, else a new one. A comment that is nothing but the
 * option's name is no value to be put back.
 */
function inSection(section: readonly string[], edit: OptionEdit): readonly string[] {
  const line = lineOf(edit)
  const sets = (each: string): boolean => optionIn(each) === edit.option
  const right = section.findIndex(each => bare(each) === line)
  const active = right < 0 ? section.findIndex(sets) : right
  const sleeps = (each: string): boolean =>
    optionIn(uncommented(each)) === edit.option && (edit.value === undefined || each.includes('='))
  const place = active < 0 ? section.findIndex(sleeps) : active
  if (place < 0) return inserted(section, line)
  return section.flatMap((each, index) =>
    index !== place ? (sets(each) ? [] : [each]) : index === right ? [each] : [`${line}\n`],
  )
}

/** After the last line that says something: blank lines before the next section stay there. */
function inserted(section: readonly string[], line: string): readonly string[] {
  const at = section.findLastIndex(each => !/^[ \t]*(?:[#;].*)?$/.test(bare(each))) + 1
  return [...section.slice(0, at), `${line}\n`, ...section.slice(at)]
}

const lineOf = ({ option = '', value, noExtraSpaces }: OptionEdit): string =>
  value === undefined ? option : `${option}${noExtraSpaces ? '=' : ' = '}${value}`

const isHeader = (line: string): boolean => line.startsWith('[')

const nameIn = (line: string): string | undefined =>
  isHeader(line) && line.includes(']') ? line.slice(1, line.indexOf(']')).trim() : undefined

/** The option that a line sets, as it is written: not every reader of such files ignores case. */
function optionIn(line: string): string | undefined {
  const [name = ''] = bare(line).split('=', 1)
  return /^\s*(?:[#;[]|$)/.test(name) ? undefined : name.trim()
}

const uncommented = (line: string): string => line.replace(/^[ \t]*[#;]/, '')

const endedBefore = (line: string, index: number, all: readonly string[]): string =>
  index < all.length - 1 ? ended(line) : line

const ended = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`)
const bare = (line: string): string => line.replace(/\r?\n$/, '')
