import { equal } from 'uvu/assert'
import { defineFact, type FactRequest, factKey, factsFrom } from '../../engine/facts/fact.ts'
import type { Agreement } from '../../engine/host/index.ts'
import { type PlayOptions, play } from '../../engine/index.ts'
import { loadInventory } from '../../engine/inventory/index.ts'
import type { RunEvent } from '../../engine/journal/events.ts'
import { inventoryView } from '../../engine/plan/views.ts'
import { runPlays } from '../../engine/rollout/run.ts'
import type { SessionOptions } from '../../engine/rollout/session.ts'
import type { Until } from '../../engine/rollout/until.ts'
import { newRedactor } from '../../engine/secrets/redactor.ts'
import { raw } from '../../engine/shell/shell.ts'
import { defineTask } from '../../engine/tasks/task.ts'
import type { Channel, Connection } from '../../engine/transport/types.ts'
import { readyPlays } from '../ready-plays.ts'

/** Whether the change has been made on a host. */
export const isDone = defineFact<Record<never, never>, boolean>({ name: 'isDone', probe: () => '', parse: () => [] })
const change = defineTask<Record<never, never>>({
  name: 'change',
  title: () => 'change it',
  facts: () => [isDone({})],
  plan: (_, facts) => (facts.get(isDone({})) ? undefined : { summary: 'to do', apply: raw('change') }),
})

/**
 * Hosts in memory, changed by one play: what became of each, whom anything was done to, and why the playbook stopped.
 */
export async function inMemory(
  options: Omit<PlayOptions, 'hosts'>,
  {
    check = false,
    probe = () => {},
    answer = () => undefined,
    signal = new AbortController().signal,
    pause,
    until,
    confirm,
    agreed,
    onEvent = () => {},
    later = [],
  }: {
    readonly check?: boolean
    readonly probe?: (host: string) => void
    /** Of other facts. */
    readonly answer?: (host: string, request: FactRequest) => unknown
    readonly signal?: AbortSignal
    readonly pause?: number
    readonly until?: Until
    readonly confirm?: SessionOptions['confirm']
    readonly agreed?: Agreement
    readonly onEvent?: (event: RunEvent) => void
    /** Plays that follow. */
    readonly later?: readonly Omit<PlayOptions, 'hosts'>[]
  } = {},
) {
  const inventory = await loadInventory({ sources: ['a,b,c,'] })
  const view = inventoryView(inventory)
  const tags = { only: [], skip: [] }
  const made = play('masters', { hosts: 'all', tasks: [change({})], ...options })
  const following = later.map((more, index) => play(`later ${index + 1}`, { hosts: 'all', ...more }))
  const { plays, problems } = await readyPlays([made, ...following], inventory, { tags, redactor: newRedactor() })
  equal(problems, [])
  const events: RunEvent[] = []
  const changed: string[] = []
  const channel = (host: string): Channel => ({
    host,
    probe: async requests => {
      probe(host)
      const read = (request: FactRequest) =>
        answer(host, request) ?? (request.kind.name === 'pending' ? [] : changed.includes(host))
      return factsFrom(new Map(requests.map(request => [factKey(request), read(request)])))
    },
    apply: async ({ items }, onEvent) => {
      if (items.length === 0) return {}
      for (const { id } of items) onEvent({ kind: 'started', id })
      changed.push(host)
      for (const { id } of items) onEvent({ kind: 'done', id, exitCode: 0, output: '', seconds: 0 })
      return {}
    },
    run: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
    stats: () => ({ programs: 0, roundTrips: 0, bytesSent: 0 }),
    close: async () => {},
  })
  const exitCode = await runPlays(plays, {
    run: 'test',
    playbook: 'test',
    inventory,
    view,
    connections: new Map(
      [...inventory.hosts.keys()].map((host): [string, Connection] => [
        host,
        { host, transport: { kind: 'local' }, shell: ['sh'] },
      ]),
    ),
    open: async ({ host }) => channel(host),
    check,
    diff: false,
    forks: 5,
    tags,
    signal,
    isSecret: () => false,
    ask: async () => true,
    ...(pause === undefined ? {} : { pause }),
    ...(until && { until }),
    ...(confirm && { confirm }),
    ...(agreed && { agreed }),
    emit: event => {
      events.push(event)
      onEvent(event)
    },
  })
  const ended = events.flatMap(event => (event.kind === 'hostFinished' ? [event] : []))
  return {
    exitCode,
    changed,
    events,
    outcomes: ended.map(({ host, outcome }) => `${host} ${outcome}`).sort(),
    messages: ended.map(({ message, hint }) => [message, hint].filter(Boolean).join('\n')),
    stopped: events.flatMap(event => (event.kind === 'stopped' ? [event.reason] : [])).join(),
  }
}
