import type { Origin } from '../../failure/index.ts'

export interface IniValue {
  readonly text: string
  readonly origin: Origin
}

/**
 * ansible.cfg as Python's ConfigParser reads it: `key = value` or `key: value`, `;` begins a comment anywhere, indented
 * lines go on.
 */
export function readIni(text: string, file: string): ReadonlyMap<string, IniValue> {
  const values = new Map<string, IniValue>()
  let section = ''
  let last: string | undefined
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.replace(/(^|\s);.*$/, '')
    if (/^\s*(#|$)/.test(line)) continue
    const heading = /^\[(.+)\]\s*$/.exec(line)
    const goesOn = last === undefined ? undefined : values.get(last)
    if (heading) {
      section = heading[1] ?? ''
      last = undefined
    } else if (/^\s/.test(line) && goesOn && last !== undefined) {
      values.set(last, { ...goesOn, text: `${goesOn.text}\n${line.trim()}` })
    } else {
      const equals = line.search(/[=:]/)
      const key = (equals < 0 ? line : line.slice(0, equals)).trim()
      const value = equals < 0 ? '' : line.slice(equals + 1).trim()
      last = `${section}.${key.toLowerCase()}`
      const column = line.indexOf(value, equals + 1) + 1
      values.set(last, { text: value, origin: { file, line: index + 1, column: Math.max(1, column) } })
    }
  }
  return values
}
