import type { Redactor } from '../secrets/index.ts'
import type { RunEvent } from './events.ts'

/**
 * An event with the secrets taken out of everything a host, a role or an operator may have worded; names and states
 * stay as they are.
 */
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
