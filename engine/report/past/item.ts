import type { Outcome, RunEvent, Shown } from '../../journal/index.ts'
import { diffLines } from '../diff.ts'
import { painter } from '../paint.ts'

/** One thing that a page tells of a host, or of several of which the same is true. */
export interface Item {
  /** What it is looked for by. */
  readonly sort: Sort
  /** In a word: `changed`, `gate holds`. */
  readonly badge: string
  /** It is about a task. */
  readonly isTask?: true
  readonly what: string
  /** Why it was done, or what went wrong. */
  readonly why?: string
  readonly hint?: string
  /** Lines of a unified diff. */
  readonly diff?: readonly string[]
  readonly output?: string
}

export type Sort = 'failed' | 'changed' | 'warning' | 'other'

export type Said = Item & { readonly host?: string }
type Of<Kind> = Extract<Shown<RunEvent>, { readonly kind: Kind }>

/** What is told of an event: nothing of most. */
export function itemsOf(event: Shown<RunEvent>): readonly Said[] {
  switch (event.kind) {
    case 'task':
      return ofTask(event)
    case 'hostFinished':
      return [ofFinished(event)]
    case 'gate':
      return ofGate(event)
    case 'check':
      return ofCheck(event)
    case 'around':
      return ofAround(event)
    case 'pause':
      if (event.status === 'ended') return []
      return [{ sort: 'other', badge: 'pause', what: `${event.seconds} s before ${event.before}` }]
    case 'note':
      return [{ ...atHost(event), sort: 'other', badge: 'note', what: event.text }]
    case 'warning':
      return [{ ...atHost(event), sort: 'warning', badge: 'warning', what: event.text }]
    case 'stopped':
      return [{ sort: 'failed', badge: 'stopped', what: 'the run was stopped', why: event.reason }]
    case 'runFinished':
      return (event.notRun ?? []).map(({ play, why }) => ({ sort: 'other', badge: 'not run', what: play, why }))
    default:
      return []
  }
}

const atHost = ({ host }: { readonly host?: string | undefined }): { readonly host?: string } =>
  host === undefined ? {} : { host }

const plain = painter(false)

function ofTask({ host, role, task, status, summary, handler, diff, output }: Of<'task'>): readonly Said[] {
  if (status === 'ok' || status === 'waited') return []
  const isFailed = status === 'failed'
  return [
    {
      host,
      sort: isFailed ? 'failed' : status === 'not run' ? 'other' : 'changed',
      badge: status,
      isTask: true,
      what: `${role}: ${handler ? 'handler ' : ''}${task}`,
      ...(summary ? { why: summary } : {}),
      ...(diff ? { diff: diffLines(diff, plain) } : {}),
      ...(output ? { output } : {}),
    },
  ]
}

function ofFinished({ host, outcome, message, hint, changes }: Of<'hostFinished'>): Said {
  const isFailed = outcome === 'failed' || outcome === 'unreachable'
  const done = changes === 1 ? '1 change' : `${changes} changes`
  return {
    host,
    sort: isFailed ? 'failed' : 'other',
    badge: outcome,
    what: endings[outcome],
    why: message ?? (changes === 0 ? 'nothing to change' : done),
    ...(hint ? { hint: hint.trim() } : {}),
  }
}

const endings: Readonly<Record<Outcome, string>> = {
  ok: 'done with this play',
  changed: 'done with this play',
  skipped: 'left out of this play',
  failed: 'the host failed',
  unreachable: 'the host could not be reached',
}

function ofGate(event: Of<'gate'>): readonly Said[] {
  if (event.status === 'waiting') return []
  const { gate, status, from, expected, saw } = event
  const about = { ...atHost(event), what: `gate ${gate}`, ...(from ? { hint: from } : {}) }
  if (status === 'holds') return [{ ...about, sort: 'other', badge: 'gate holds' }]
  const why = [expected && `expected ${expected}`, saw && `saw ${saw}`].filter(Boolean).join(', ')
  const badge = status === 'failed' ? 'gate failed' : 'no longer waited for'
  return [{ ...about, sort: status === 'failed' ? 'failed' : 'other', badge, why }]
}

function ofCheck(event: Of<'check'>): readonly Said[] {
  const { role, check, ok, expected, saw, warnings = [] } = event
  const about = { ...atHost(event), what: `${role}: ${check}` }
  return [
    ok
      ? { ...about, sort: 'other', badge: 'check ok', why: saw }
      : { ...about, sort: 'failed', badge: 'check failed', why: `saw ${saw}; expected ${expected}` },
    ...warnings.map((why): Said => ({ ...about, sort: 'warning', badge: 'warning', why })),
  ]
}

function ofAround(event: Of<'around'>): readonly Said[] {
  if (event.status !== 'failed') return []
  const when = event.phase === 'leave' ? 'after the changes' : 'before the changes'
  const why = event.message ?? 'it failed'
  return [{ host: event.host, sort: 'failed', badge: 'failed', what: `${event.name}, ${when}`, why }]
}
