import type { ScalarNode } from '../../python/index.ts'
import { exactInteger } from '../../python/index.ts'

/**
 * What PyYAML makes of a plain scalar: YAML 1.1 by its own expressions (resolver.py), so `yes` is true, `0644` is 420,
 * `1:30` is 90, while `y`, `1e3` and `08` are text.
 */
export function resolvePlain(text: string): Pick<ScalarNode, 'type' | 'value'> {
  const first = text.charAt(0)
  if (text === '' || text === '~' || /^(?:null|Null|NULL)$/.test(text)) return { type: 'null', value: null }
  if ('yYnNtTfFoO'.includes(first)) return asBool(text) ?? { type: 'str', value: text }
  if (!'-+0123456789.'.includes(first)) return { type: 'str', value: text }
  return asInt(text) ?? asFloat(text) ?? asDate(text) ?? { type: 'str', value: text }
}

type Resolved = Pick<ScalarNode, 'type' | 'value'> | undefined

export function asBool(text: string): Resolved {
  if (/^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(text)) return { type: 'bool', value: true }
  if (/^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(text)) return { type: 'bool', value: false }
  return undefined
}

const float =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)$/

export function asFloat(text: string): Resolved {
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(text)) {
    return { type: 'float', value: text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY }
  }
  if (/^\.(?:nan|NaN|NAN)$/.test(text)) return { type: 'float', value: Number.NaN }
  if (!float.test(text)) return undefined
  const digits = text.replaceAll('_', '').replace(/^[-+]/, '')
  const size = digits.includes(':') ? sexagesimal(digits) : Number(digits)
  return { type: 'float', value: text.startsWith('-') ? -size : size }
}

const integer =
  /^[-+]?(?:0b[0-1_]*[01][0-1_]*|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]*[0-9a-fA-F][0-9a-fA-F_]*|[1-9][0-9_]*(?::[0-5]?[0-9])+)$/

export function asInt(text: string): Resolved {
  if (!integer.test(text)) return undefined
  const digits = text.replaceAll('_', '').replace(/^[-+]/, '')
  const size = digits.includes(':') ? sexagesimal(digits) : octal(digits)
  return { type: 'int', value: exactInteger(size, text.startsWith('-')) }
}

/** A leading zero means base 8, which JavaScript writes 0o. */
function octal(digits: string): string {
  return /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits
}

/** `190:20:30` counts in sixties. */
function sexagesimal(text: string): number {
  return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}

const date = /^\d{4}-\d\d-\d\d$/
const moment =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(Z|[-+]\d\d?(?::\d\d)?))?$/

/** Python's isoformat of what PyYAML reads: that is the text which `ansible-inventory` prints. */
function asDate(text: string): Resolved {
  if (date.test(text)) return { type: 'date', value: text }
  const match = moment.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction, zone] = match
  const two = (part = '') => part.padStart(2, '0')
  const micro = (fraction ?? '').slice(0, 6).padEnd(6, '0')
  const tail = (micro === '000000' ? '' : `.${micro}`) + isoZone(zone)
  return { type: 'date', value: `${year}-${two(month)}-${two(day)}T${two(hour)}:${minute}:${second}${tail}` }
}

function isoZone(zone: string | undefined): string {
  if (zone === undefined) return ''
  if (zone === 'Z') return '+00:00'
  const [hours = '', minutes = '00'] = zone.slice(1).split(':')
  return `${zone.charAt(0)}${hours.padStart(2, '0')}:${minutes}`
}
