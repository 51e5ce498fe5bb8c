import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunEvent } from '../engine/journal/index.ts'

type At = RunEvent & { readonly at: string }

const begin = Date.parse('2026-11-29T22:09:03Z')

/** A made-up run: its events, each so many seconds after its beginning. */
export const timed = (events: readonly (readonly [seconds: number, event: RunEvent])[]): readonly At[] =>
  events.map(([seconds, event]) => ({ at: new Date(begin + seconds * 1000).toISOString(), ...event }))

/** Writes a journal, and gives its path. */
export function writeJournal(dir: string, run: string, events: readonly At[], end = ''): string {
  const file = join(dir, `${run}.ndjson`)
  writeFileSync(file, events.map(event => `${JSON.stringify(event)}\n`).join('') + end)
  return file
}

export const total = (host: string, outcome: 'ok' | 'changed' | 'failed' | 'unreachable' | 'skipped') => ({
  host,
  outcome,
  ok: 1,
  changed: outcome === 'changed' ? 1 : 0,
  failed: outcome === 'failed' ? 1 : 0,
  programs: 1,
  roundTrips: 2,
  connections: 1,
})

export const started = (run: string, more: Partial<Extract<RunEvent, { kind: 'runStarted' }>> = {}): RunEvent => ({
  kind: 'runStarted',
  run,
  playbook: 'upgrade',
  check: false,
  diff: true,
  after: 0.4,
  asked: {
    user: 'me',
    machine: 'control',
    version: '1.0.0',
    cwd: '/infra',
    file: 'playbooks/upgrade.mjs',
    inventory: ['inventory/prod/hosts.ini'],
    marks: { cwd: 'c', file: 'f', inventory: 'i' },
    flags: [{ flag: '--become' }, { flag: '--diff' }, { flag: '--serial', value: '1' }],
    plays: [
      { play: 'masters, a few at a time', hosts: 3 },
      { play: 'every node', hosts: 6 },
    ],
  },
  ...more,
})

/** Two plays in batches, with what hosts, gates and hooks may say in them; one host fails, one is not reached. */
export function sampleRun(run: string): readonly At[] {
  const masters = ['master-1', 'master-2', 'master-3']
  const nodes = ['node-1', 'node-2', 'node-3', 'node-4', 'node-5', 'edge']
  const first = 'masters, a few at a time'
  const second = 'every node'
  const manifest = {
    path: '/etc/kubernetes/manifests/kube-apiserver.yaml',
    before: 'spec:\n  image: kube-apiserver:v1.33.1\n  args:\n    - --v=2\n',
    after: 'spec:\n  image: kube-apiserver:v1.33.4\n  args:\n    - --v=2\n    - --profiling=false\n',
  }
  const ofMaster = masters.flatMap((host, index): readonly (readonly [number, RunEvent])[] => {
    const at = 2 + index * 20
    const about = { host, play: first, role: 'control-plane' }
    const around = { kind: 'around', host, name: 'drained' } as const
    return [
      [at, { kind: 'batchStarted', play: first, number: index + 1, of: 3, hosts: [host] }],
      [at + 0.4, { kind: 'planned', host, play: first, tasks: 40, changes: 2, seconds: 0.3 }],
      [at + 1, { ...around, phase: 'enter', status: 'started' }],
      [at + 3, { ...around, phase: 'enter', status: 'done' }],
      [at + 3, { kind: 'taskStarted', ...about, task: `file ${manifest.path}` }],
      [
        at + 5,
        {
          kind: 'task',
          ...about,
          task: `file ${manifest.path}`,
          taskKind: 'file',
          status: 'changed',
          summary: 'content differs',
          diff: manifest,
          seconds: 2,
        },
      ],
      [at + 12, { kind: 'gate', host, gate: 'apiServerReady', status: 'holds', seconds: 6 }],
      [at + 14, { ...around, phase: 'leave', status: 'started' }],
      [at + 15, { ...around, phase: 'leave', status: 'done' }],
      [at + 16, { kind: 'hostFinished', host, play: first, outcome: 'changed', changes: 1 }],
    ]
  })
  const ofNode = nodes.flatMap((host, index): readonly (readonly [number, RunEvent])[] => {
    const at = 66 + index * 0.3
    const about = { host, play: second, role: 'base' }
    if (host === 'edge')
      return [
        [
          at + 10,
          {
            kind: 'hostFinished',
            host,
            play: second,
            outcome: 'unreachable',
            changes: 0,
            message: 'ssh: connect to host 10.0.0.9 port 22: Connection timed out',
            hint: 'is it switched on? `ssh edge true` tries the same',
          },
        ],
      ]
    const failed = host === 'node-4'
    return [
      [at, { kind: 'planned', host, play: second, tasks: 12, changes: 1, seconds: 0.2 }],
      [at + 0.2, { kind: 'taskStarted', ...about, task: 'packages containerd' }],
      [
        at + (failed ? 3 : 6),
        failed
          ? {
              kind: 'task',
              ...about,
              task: 'packages containerd',
              status: 'failed',
              summary: 'apt-get ended with 100',
              output: 'Reading package lists...\nE: Unable to locate package containerd\n',
              seconds: 2.8,
            }
          : {
              kind: 'task',
              ...about,
              task: 'packages containerd',
              status: 'changed',
              summary: '1.7.27 to 2.0.5',
              seconds: 5.8,
            },
      ],
      [
        at + 7,
        failed
          ? {
              kind: 'hostFinished',
              host,
              play: second,
              outcome: 'failed',
              changes: 0,
              message: 'base: packages containerd: apt-get ended with 100',
            }
          : { kind: 'hostFinished', host, play: second, outcome: 'changed', changes: 1 },
      ],
    ]
  })
  return timed([
    [0, started(run)],
    [0.1, { kind: 'note', text: 'the newest patch of 1.33 is 1.33.4' }],
    [0.2, { kind: 'madeOf', inventory: [{ path: 'hosts.ini', digest: 'abc' }], code: [] }],
    [1, { kind: 'playStarted', play: first, number: 1, hosts: masters, batches: 3 }],
    ...ofMaster,
    [64, { kind: 'playStarted', play: second, number: 2, hosts: nodes, batches: 1 }],
    ...[...ofNode].sort(([a], [b]) => a - b),
    [90, { kind: 'warning', host: 'node-2', text: 'the clock is 3 s off' }],
    [
      92,
      {
        kind: 'runFinished',
        run,
        hosts: [
          ...masters.map(host => total(host, 'changed')),
          ...nodes.map(host => total(host, host === 'edge' ? 'unreachable' : host === 'node-4' ? 'failed' : 'changed')),
        ],
        seconds: 92,
        exitCode: 2,
      },
    ],
  ])
}

/** A run over so many hosts, in one play of some batches, each of which changes the same and something of its own. */
export function largeRun(run: string, count: number): readonly At[] {
  const hosts = Array.from({ length: count }, (_, index) => `worker-${index + 1}.cluster.example.org`)
  const size = Math.ceil(count / 10)
  const config = Array.from({ length: 60 }, (_, index) => `option-${index} = ${index * 7}\n`)
  const shared = { path: '/etc/base.conf', before: config.join(''), after: [...config, 'more = yes\n'].join('') }
  const plays = ['prepare', 'upgrade', 'clean up']
  const events = plays.flatMap((play, number): readonly (readonly [number, RunEvent])[] => [
    [number * 2000, { kind: 'playStarted', play, number: number + 1, hosts, batches: 10 }],
    ...hosts.flatMap((host, index): readonly (readonly [number, RunEvent])[] => {
      const at = number * 2000 + Math.floor(index / size) * 180 + (index % 32)
      const about = { host, play, role: 'base' }
      const name = { path: '/etc/hostname', before: 'localhost\n', after: `${host}\n` }
      return [
        [at, { kind: 'planned', host, play, tasks: 20, changes: 2, seconds: 0.5 }],
        [at, { kind: 'around', host, name: 'drained', phase: 'enter', status: 'started' }],
        [at + 20, { kind: 'task', ...about, task: 'file /etc/base.conf', status: 'changed', diff: shared, seconds: 1 }],
        [at + 30, { kind: 'task', ...about, task: 'file /etc/hostname', status: 'changed', diff: name, seconds: 1 }],
        [at + 90, { kind: 'gate', host, gate: 'nodeReady', status: 'holds', seconds: 40 }],
        [at + 95, { kind: 'around', host, name: 'drained', phase: 'leave', status: 'done' }],
        [at + 100, { kind: 'hostFinished', host, play, outcome: 'changed', changes: 2 }],
      ]
    }),
  ])
  return timed([
    [0, started(run)],
    ...[...events].sort(([a], [b]) => a - b),
    [6000, { kind: 'runFinished', run, hosts: hosts.map(host => total(host, 'changed')), seconds: 6000, exitCode: 0 }],
  ])
}
