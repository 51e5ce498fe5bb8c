/** Replaces secrets by value in everything that is shown or written: output, diffs, errors. */
export interface Redactor {
  readonly add: (secrets: Iterable<string>) => void
  readonly text: (text: string) => string
  /** Every text inside a plain value. */
  readonly value: <T>(value: T) => T
}

const hidden = '********'

/** Texts shorter than this are not looked for: they would blot out half the output. Such a secret is still never printed by name. */
const shortest = 4

export function redactor(): Redactor {
  const secrets = new Set<string>()
  let pattern: RegExp | undefined
  const text = (input: string): string => (pattern ? input.replace(pattern, hidden) : input)
  const value = <T>(input: T): T => {
    if (!pattern) return input
    if (typeof input === 'string') return text(input) as T
    if (Array.isArray(input)) return input.map(value) as T
    if (typeof input === 'object' && input !== null) {
      return Object.fromEntries(Object.entries(input).map(([key, item]) => [key, value(item)])) as T
    }
    return input
  }
  return {
    add: more => {
      const before = secrets.size
      for (const secret of more) {
        // A secret of several lines is shown line by line, too.
        for (const part of [secret, ...secret.split('\n')]) if (part.trim().length >= shortest) secrets.add(part)
      }
      if (secrets.size === before) return
      const longestFirst = [...secrets].sort((a, b) => b.length - a.length)
      pattern = new RegExp(longestFirst.map(escaped).join('|'), 'g')
    },
    text,
    value,
  }
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
