import { quote } from '../program/shell.ts'
import type { RunEvent } from './events.ts'

/** Replaces secrets by value in everything that is shown or written: output, diffs, errors. */
export interface Redactor {
  readonly add: (secrets: Iterable<string>) => void
  readonly text: (text: string) => string
}

/** An event with the secrets taken out of everything a host, a role or an operator may have worded; names and states stay as they are. */
export function redacted(event: RunEvent, { text }: Redactor): RunEvent {
  const worded = Object.entries(event).map(([key, value]) => [key, isWorded(key) ? deep(value, text) : value])
  return Object.fromEntries(worded) as RunEvent
}

const fixed: readonly string[] = ['kind', 'status', 'outcome', 'phase', 'host', 'hosts', 'run', 'taskKind']
const isWorded = (key: string): boolean => !fixed.includes(key)

function deep(value: unknown, text: (input: string) => string): unknown {
  if (typeof value === 'string') return text(value)
  if (Array.isArray(value)) return value.map(item => deep(item, text))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, deep(item, text)]))
}

const hidden = '********'

/** Texts shorter than this are not looked for: they would blot out half the output. Such a secret is still never printed by name. */
const shortest = 4

export function redactor(): Redactor {
  const secrets = new Set<string>()
  let pattern: RegExp | undefined
  const text = (input: string): string => (pattern ? input.replace(pattern, hidden) : input)
  return {
    add: more => {
      const before = secrets.size
      for (const secret of more) {
        for (const part of formsOf(secret)) if (part.trim().length >= shortest) secrets.add(part)
      }
      if (secrets.size === before) return
      const longestFirst = [...secrets].sort((a, b) => b.length - a.length)
      pattern = new RegExp(longestFirst.map(escaped).join('|'), 'g')
    },
    text,
  }
}

/** A secret of several lines is shown line by line, `key: value` by its value; in a command it stands quoted. */
function formsOf(secret: string): readonly string[] {
  const parts = secret.split('\n').flatMap(line => [line, line.replace(/^\s*[-\w.]+:\s+/, '')])
  return [secret, ...parts].flatMap(part => [part, quote(part).replace(/^'(.*)'$/s, '$1')])
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
