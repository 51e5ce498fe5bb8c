import { test } from 'uvu'
import { equal, is } from 'uvu/assert'
import { defineFact, type FactRequest, factKey, factsFrom } from '../../../engine/facts/fact.ts'
import { loadInventory } from '../../../engine/inventory/index.ts'
import { inventoryView, prepareRoles } from '../../../engine/plan/index.ts'
import { play } from '../../../engine/playbook/play.ts'
import { defineRole } from '../../../engine/role/role.ts'
import { runPlays } from '../../../engine/rollout/run.ts'
import { newRedactor } from '../../../engine/secrets/redactor.ts'
import { raw } from '../../../engine/shell/shell.ts'
import { defineTask } from '../../../engine/tasks/task.ts'
import type { Channel } from '../../../engine/transport/types.ts'
import { readyPlays } from '../../ready-plays.ts'

const isUp = defineFact<{ name: string }, boolean>({ name: 'isUp', probe: () => '', parse: () => [] })
const make = defineTask<{ name: string }>({
  name: 'make',
  title: ({ name }) => name,
  facts: () => [],
  plan: () => ({ summary: 'runs', effect: 'action', apply: raw('true') }),
})

const params = { type: 'object', properties: {} } as const
const tags = { only: [], skip: [] }

/**
 * Plans, and runs unless `keep` says that it is for a listing. Returns what each role was told whenever it was asked
 * for its tasks.
 */
async function askedOf(hosts: string, keep: 'all' | 'first', check = false) {
  const asked: string[] = []
  const plain = defineRole({
    name: 'plain',
    params,
    tasks: ({ host }) => {
      asked.push(`plain ${host.name}`)
      return [make({ name: 'x' })]
    },
  })
  const curious = defineRole({
    name: 'curious',
    params,
    peers: () => ({ hosts: ['a'], facts: () => ({ up: isUp({ name: 'up' }) }) }),
    tasks: ({ host, peers }) => {
      asked.push(`curious ${host.name}, ${peers.get('a') ? 'with' : 'without'} facts`)
      return [make({ name: 'y' })]
    },
  })
  const preparing = defineRole({
    name: 'preparing',
    params,
    prepare: async context => ({ real: !context.check }),
    tasks: ({ host, prepared }) => {
      asked.push(`preparing ${host.name}, ${prepared.real ? 'for real' : 'in memory'}`)
      return [make({ name: 'z' })]
    },
  })
  const inventory = await loadInventory({ sources: [hosts] })
  const view = inventoryView(inventory)
  const only = play('p', { hosts: 'all', roles: [plain(), curious(), preparing()] })
  const ready = await readyPlays([only], inventory, { tags, redactor: newRedactor(), keep })
  equal(ready.problems, [])
  const first = asked.splice(0)
  if (keep === 'first') return { first, later: asked, ready }
  const plays = check ? ready.plays : await prepareRoles(ready.plays, view, { check: false })
  const channel = (host: string): Channel => ({
    host,
    probe: async requests => factsFrom(new Map(requests.map(request => [factKey(request), answer(request)]))),
    apply: async ({ items }, onEvent) => {
      for (const { id } of items) onEvent({ kind: 'done', id, exitCode: 0, output: '', seconds: 0 })
      return {}
    },
    run: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
    stats: () => ({ programs: 0, roundTrips: 0, bytesSent: 0 }),
    close: async () => {},
  })
  const code = await runPlays(plays, {
    ...{ isSecret: () => false, run: 'test', playbook: 'test', inventory, view, check, diff: false, forks: 5, tags },
    connections: new Map(
      [...inventory.hosts.keys()].map(host => [host, { host, transport: { kind: 'local' }, shell: ['sh'] }]),
    ),
    open: async ({ host }) => channel(host),
    signal: new AbortController().signal,
    ask: async () => true,
    emit: () => {},
  })
  is(code, 0)
  return { first, later: asked, ready }
}

const answer = ({ kind }: FactRequest): unknown => (kind.name === 'pending' ? [] : true)

test('a role is asked for its tasks once a host; again only where it has been told of other hosts, or has prepared something', async () => {
  const { first, later } = await askedOf('a,b', 'all')
  equal(first, [
    ...['plain a', 'curious a, without facts', 'preparing a, in memory'],
    ...['plain b', 'curious b, without facts', 'preparing b, in memory'],
  ])
  equal(later, [
    ...['curious a, with facts', 'preparing a, for real'],
    ...['curious b, with facts', 'preparing b, for real'],
  ])
})

test('in check mode what a role has prepared in memory is what it is', async () => {
  const { later } = await askedOf('a,b', 'all', true)
  equal(later, ['curious a, with facts', 'curious b, with facts'])
})

test('a listing asks once a host, and keeps the work of the first alone', async () => {
  const { first, later, ready } = await askedOf('a,b,c', 'first')
  is(first.length, 9)
  equal(later, [])
  equal([...(ready.plays[0]?.drafts.keys() ?? [])], ['a'])
  equal(
    ready.plays[0]?.hosts.map(({ name }) => name),
    ['a', 'b', 'c'],
  )
})

test.run()
