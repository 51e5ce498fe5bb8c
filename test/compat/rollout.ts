import { defineFact, type FactRequest, factKey, factsFrom } from '../../engine/facts/fact.ts'
import { unreachable } from '../../engine/failure/index.ts'
import { loadInventory } from '../../engine/inventory/index.ts'
import type { RunEvent } from '../../engine/journal/events.ts'
import { inventoryView } from '../../engine/plan/views.ts'
import { play } from '../../engine/playbook/play.ts'
import type { ApplyProgram } from '../../engine/program/requests.ts'
import { runPlays } from '../../engine/rollout/run.ts'
import { newRedactor } from '../../engine/secrets/redactor.ts'
import { raw } from '../../engine/shell/shell.ts'
import { defineTask } from '../../engine/tasks/task.ts'
import type { Channel, Connection } from '../../engine/transport/types.ts'
import { readyPlays } from '../ready-plays.ts'

export type Result = 'changed' | 'failed' | 'unreachable'

export interface TaskCase {
  readonly name: string
  readonly tags: readonly string[]
  readonly notify: readonly string[]
  readonly once: boolean
}

export interface PlayCase {
  readonly name: string
  readonly serial?: number | string | readonly (number | string)[]
  readonly maxFailPercentage?: number
  readonly anyErrorsFatal: boolean
  readonly tags: readonly string[]
  readonly tasks: readonly TaskCase[]
  readonly handlers: readonly string[]
}

export interface Case {
  readonly hosts: number
  readonly plays: readonly PlayCase[]
  readonly only: readonly string[]
  readonly skip: readonly string[]
  /** By task or handler, then by host; where there is nothing it is ok. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, Result>>>>
}

/**
 * What happened, the same for both: batches in order, then per host what was done and how it ended, without what was
 * found in order.
 */
export interface Ran {
  readonly batches: readonly (readonly [play: string, hosts: readonly string[]])[]
  readonly done: ReadonlyMap<string, readonly string[]>
  readonly failed: boolean
}

/** The case as a playbook of Ansible, for the oracle. */
export function toAnsible({ hosts, plays, only, skip, outcomes }: Case) {
  const debug = { debug: { msg: 'x' } }
  return {
    hosts,
    tags: only,
    skip,
    outcomes,
    plays: plays.map(one => ({
      name: one.name,
      hosts: 'all',
      gather_facts: false,
      tags: one.tags,
      ...(one.serial === undefined ? {} : { serial: one.serial }),
      ...(one.maxFailPercentage === undefined ? {} : { max_fail_percentage: one.maxFailPercentage }),
      any_errors_fatal: one.anyErrorsFatal,
      tasks: one.tasks.map(({ name, tags, notify, once }) => ({
        name,
        tags,
        notify,
        ...(once ? { run_once: true } : {}),
        ...debug,
      })),
      handlers: one.handlers.map(name => ({ name, ...debug })),
    })),
  }
}

export function fromAnsible(answer: {
  readonly batches: readonly [string, string[]][]
  readonly ran: readonly [string, string, string][]
  readonly code: number
}): Ran {
  const done = new Map<string, string[]>()
  for (const [task, host, outcome] of answer.ran) {
    const list = done.get(host) ?? []
    done.set(host, list)
    // A handler is an action: it counts whatever it says.
    if (outcome !== 'ok' || task.startsWith('handler')) list.push(`${task} ${outcome === 'ok' ? 'changed' : outcome}`)
  }
  // A play of which nothing is selected goes through its batches and does nothing; here it is left alone.
  const worked = new Set(answer.ran.map(([task]) => `play ${playOf(task)}`))
  return { batches: answer.batches.filter(([name]) => worked.has(name)), done, failed: answer.code !== 0 }
}

/** The number in `play 1`, `task 1.0`, `handler 1.2`. */
export const playOf = (name: string): number => Number(/ (\d+)/.exec(name)?.[1])

/** Whether the thing named is as it should be on this host. */
const state = defineFact<{ name: string }, boolean>({ name: 'state', probe: () => '', parse: () => [] })
const task = defineTask<{ name: string; needed: boolean }>({
  name: 'task',
  title: ({ name }) => name,
  facts: ({ name }) => [state({ name })],
  plan: ({ name, needed }, facts) =>
    !needed || facts.get(state({ name })) ? undefined : { summary: 'to do', apply: raw(name) },
})
const action = defineTask<{ name: string }>({
  name: 'action',
  title: ({ name }) => name,
  facts: () => [],
  plan: ({ name }) => ({ summary: 'runs', effect: 'action', apply: raw(name) }),
})

/** A host in memory: a program is a name, what comes of it stands in the case. */
function fakeChannel(host: string, { outcomes }: Case, note: (host: string, what: string) => void): Channel {
  const made = new Set<string>()
  const pending = new Set<string>()
  const read = ({ kind, args }: FactRequest): unknown =>
    kind.name === 'pending' ? [...pending] : made.has((args as { name: string }).name)
  const apply = async ({ items }: ApplyProgram, onEvent: Parameters<Channel['apply']>[1]) => {
    for (const [index, { id, owes, pays, script }] of items.entries()) {
      for (const name of owes) pending.add(name)
      onEvent({ kind: 'started', id })
      const name = script.text
      const outcome = outcomes[name]?.[host] ?? 'changed'
      if (name !== ':') note(host, `${name} ${outcome}`)
      if (outcome === 'unreachable') throw unreachable(host, 'lost', 'gone')
      const exitCode = outcome === 'failed' ? 1 : 0
      onEvent({ kind: 'done', id, exitCode, output: '', seconds: 0 })
      if (exitCode > 0) {
        for (const item of items.slice(index + 1)) onEvent({ kind: 'notRun', id: item.id })
        return { failed: { id, exitCode, output: '' } }
      }
      made.add(name)
      if (pays) pending.delete(pays)
    }
    return {}
  }
  return {
    host,
    probe: async requests => factsFrom(new Map(requests.map(request => [factKey(request), read(request)]))),
    apply,
    run: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
    stats: () => ({ programs: 0, roundTrips: 0, bytesSent: 0 }),
    close: async () => {},
  }
}

/** The case with Rota's own engine, all of it but the hosts. */
export async function runRotas(given: Case): Promise<Ran> {
  const { hosts, outcomes } = given
  const names = Array.from({ length: hosts }, (_, index) => `h${index}`)
  const inventory = await loadInventory({ sources: [`${names.join(',')},`] })
  const view = inventoryView(inventory)
  const tags = { only: given.only, skip: given.skip }
  const plays = given.plays.map(one =>
    play(one.name, {
      hosts: 'all',
      tags: one.tags,
      anyErrorsFatal: one.anyErrorsFatal,
      ...(one.serial === undefined ? {} : { serial: one.serial }),
      ...(one.maxFailPercentage === undefined ? {} : { maxFailPercentage: one.maxFailPercentage }),
      tasks: ({ host }) =>
        one.tasks.map(({ name, tags, notify, once }) =>
          task({ name, needed: outcomes[name]?.[host.name] !== undefined, tags, notify, runOnce: once }),
        ),
      handlers: Object.fromEntries(one.handlers.map(name => [name, action({ name })])),
    }),
  )
  const ready = await readyPlays(plays, inventory, { tags, redactor: newRedactor() })
  if (ready.problems.length > 0) throw new Error(ready.problems.map(problem => problem.message).join('\n'))
  const done = new Map<string, string[]>()
  const batches: (readonly [string, readonly string[]])[] = []
  let all: readonly string[] = []
  const emit = (event: RunEvent): void => {
    if (event.kind === 'playStarted') all = event.batches > 1 ? [] : event.hosts
    if (event.kind === 'playStarted' && event.batches === 1) batches.push([event.play, all])
    if (event.kind === 'batchStarted') batches.push([event.play, event.hosts])
    if (event.kind === 'planned') done.set(event.host, done.get(event.host) ?? [])
  }
  const code = await runPlays(ready.plays, {
    isSecret: () => false,
    run: 'test',
    playbook: 'test',
    inventory,
    view,
    connections: new Map(
      names.map((host): [string, Connection] => [host, { host, transport: { kind: 'local' }, shell: ['sh'] }]),
    ),
    open: async ({ host }) => fakeChannel(host, given, (name, what) => done.get(name)?.push(what)),
    check: false,
    diff: false,
    forks: 5,
    tags,
    signal: new AbortController().signal,
    ask: async () => true,
    emit,
  })
  return { batches, done, failed: code !== 0 }
}
