import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { totals } from '../lab.ts'
import { type LabFault, labFaults, type Struck } from './faults.ts'
import { openMasters } from './masters.ts'
import { openProxies } from './proxies.ts'
import { containerOf, otherThan, type Scenario, type Sums, shIn, type Version, whyOf } from './scenario.ts'

/**
 * Faults that need real hosts. A run changes them, and the fault strikes as its n-th word about one of them is heard;
 * then the same command is run again, and a third time.
 */
export { labFaults } from './faults.ts'

/** What is changed, and lived through: balancers and proxies, or a control plane. */
export const scenarios = { proxies: openProxies, masters: openMasters } as const
export type ScenarioName = keyof typeof scenarios

export interface LabBench {
  readonly name: ScenarioName
  readonly scenario: Scenario
  /** What is heard of each host that is struck at, in its order. */
  readonly steps: readonly string[]
  /** SHA-256 of the files of each host, by version. */
  readonly sums: readonly [Sums, Sums]
  now: Version
  readonly end: () => Promise<void>
}

/** What is known of a host at a moment of a run, as a step: nothing that differs from run to run. */
const stepOf = (event: RunEvent, struck: readonly string[]): string | undefined => {
  if (!('host' in event) || event.host === undefined || !struck.includes(event.host)) return undefined
  switch (event.kind) {
    case 'planned':
      return `${event.host} is planned: ${event.play}`
    case 'taskStarted':
      return `${event.host} begins: ${event.task}`
    case 'task':
      return event.status === 'changed' ? `${event.host} has done: ${event.task}` : undefined
    case 'around':
      return event.phase === 'announce' ? undefined : `${event.host} ${event.phase}s, ${event.status}: ${event.name}`
    case 'gate':
      return event.status === 'holds' ? `${event.host} passes: ${event.gate}` : undefined
    default:
      return undefined
  }
}

const sumsNow = async ({ lab, hosts, filesOf }: Scenario): Promise<Sums> =>
  new Map(
    (
      await Promise.all(
        hosts.map(async host =>
          (
            await shIn(lab, host, `sha256sum ${filesOf(host).join(' ')} || :`)
          )
            .split('\n')
            .map(line => line.split('  '))
            .map(([sum = '', path = '']) => [`${host}:${path}`, sum] as const),
        ),
      )
    ).flat(),
  )

export async function openLabBench(name: ScenarioName = 'proxies'): Promise<LabBench> {
  const scenario = await scenarios[name]()
  const green = async (version: Version): Promise<readonly string[]> => {
    const { exitCode, events, stderr } = await scenario.run(version)
    if (exitCode !== 0) throw new Error(`without any fault it ends with ${exitCode}: ${whyOf(events)}${stderr}`)
    return [...new Set(events.flatMap(event => stepOf(event, scenario.struck) ?? []))]
  }
  await green(0)
  const first = await sumsNow(scenario)
  await scenario.reset()
  const steps = await green(1)
  const second = await sumsNow(scenario)
  const same = [...first].filter(([path, sum]) => second.get(path) === sum)
  if (same.length > 0) throw new Error(`no run changes ${same.map(([path]) => path).join(', ')}`)
  return { name, scenario, steps, sums: [first, second], now: 1, end: scenario.end }
}

/** What strikes there again. */
export const labAgainOf = (name: ScenarioName, { fault, what }: LabPoint): string =>
  `npx zx scripts/faults.mjs --lab ${name} --only ${fault.name} --step '${what}'`

export interface LabPoint {
  readonly fault: LabFault
  readonly number: number
  readonly what: string
}

interface Choice {
  readonly only?: readonly string[] | undefined
  /** Its number, or what it is. */
  readonly step?: string | undefined
  readonly sample?: number | undefined
  readonly seed?: number
}

/** Every fault at every step at which it may strike; a sample has one of each, then another of each, by the seed. */
export function labPointsOf(
  { steps }: Pick<LabBench, 'steps'>,
  { only, step, sample, seed = 1 }: Choice,
): readonly LabPoint[] {
  const rank = ({ fault, number }: LabPoint) =>
    createHash('md5').update(`${seed} ${fault.name} ${number}`).digest('hex')
  const turns = labFaults
    .filter(({ name }) => only === undefined || only.includes(name))
    .flatMap(fault =>
      steps
        .map((what, index): LabPoint => ({ fault, number: index + 1, what }))
        .filter(({ what }) => fault.at === undefined || fault.at.test(what))
        .filter(({ number, what }) => step === undefined || step === `${number}` || step === what)
        .sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
        .map((point, turn) => ({ point, turn })),
    )
  return turns
    .sort((a, b) => a.turn - b.turn)
    .map(({ point }) => point)
    .slice(0, sample)
}

/**
 * One run with a fault at one step, the next run, and a third. A run that did not end well is gone on with by --resume
 * at every other step, where the scenario can. Says what is wrong.
 */
export async function strikeInLab(
  bench: LabBench,
  { fault, what: step, number }: LabPoint,
): Promise<readonly string[]> {
  const { scenario } = bench
  const host = struckHost(scenario, step.split(' ')[0] ?? '')
  const wanted = otherThan(bench.now)
  const wrong: string[] = []
  await scenario.reset()
  const state = await mkdtemp(join(tmpdir(), 'rota-faults-'))
  const watch = scenario.watch(fault)
  try {
    await fault.before?.(host)
    let strike: Promise<unknown> | undefined
    const ran = await scenario.run(wanted, {
      state,
      dieOn: event => {
        if (strike !== undefined || stepOf(event, scenario.struck) !== step) return false
        strike = Promise.resolve(fault.strike?.(host, () => scenario.run(wanted))).catch(error =>
          wrong.push(`${error}`),
        )
        return fault.dies ?? false
      },
    })
    await strike
    await fault.mend?.(host)
    if (strike === undefined) wrong.push('its step was never reached')
    if (!fault.exits.includes(ran.exitCode))
      wrong.push(`the run that was struck ended with ${ran.exitCode}: ${whyOf(ran.events)}`)
    wrong.push(...(await afterFault(bench, state)))
    const resume = ran.exitCode !== 0 && number % 2 === 0 ? scenario.resume : undefined
    const next = await (resume?.(state) ?? scenario.run(wanted))
    bench.now = wanted
    if (next.exitCode !== 0)
      wrong.push(`${resume ? '--resume' : 'the next run'} ended with ${next.exitCode}: ${whyOf(next.events)}`)
    const old = [...bench.sums[wanted]]
    const seen = await sumsNow(scenario)
    for (const [path, sum] of old)
      if (seen.get(path) !== sum) wrong.push(`${path} is not as it shall be after the next run`)
    wrong.push(...(await outlived(scenario)), ...(await scenario.afterNext()))
    const third = await scenario.run(wanted)
    const changed = [...totals(third).values()].filter(total => total.changed > 0).map(total => total.host)
    if (third.exitCode !== 0 || changed.length > 0)
      wrong.push(`the third run ended with ${third.exitCode} and changed ${changed.join() || 'nothing'}`)
  } catch (error) {
    wrong.push(`${error}`)
  } finally {
    wrong.push(...(await watch.end()))
    await rm(state, { recursive: true })
  }
  return wrong
}

const struckHost = ({ lab, daemonOf }: Scenario, name: string): Struck => ({
  ...{ name, lab, container: containerOf(lab, name), daemon: daemonOf(name) },
  sh: command => shIn(lab, name, command),
})

/** Whatever was struck at: files are old or new, the journal can be read, and nobody holds a lock for long. */
async function afterFault({ scenario, sums }: LabBench, state: string): Promise<readonly string[]> {
  const now = await sumsNow(scenario)
  const neither = [...sums[0].keys()].filter(path => !sums.some(known => known.get(path) === now.get(path)))
  const held = await Promise.all(scenario.hosts.map(async host => ((await isFree(scenario.lab, host)) ? [] : [host])))
  return [
    ...neither.map(path => `${path} is neither old nor new`),
    ...held.flat().map(host => `a minute later ${host} is still locked`),
    ...(await unreadable(join(state, 'rota/runs'))),
    ...(await scenario.afterFault()),
  ]
}

async function isFree(lab: string, host: string): Promise<boolean> {
  const free = 'mkdir -p /var/lib/rota; flock -n /var/lib/rota/lock true && echo free || :'
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(500))
    if ((await shIn(lab, host, free)) === 'free') return true
  return false
}

async function unreadable(dir: string): Promise<readonly string[]> {
  const wrong: string[] = []
  for (const name of await readdir(dir).catch(() => []))
    for (const line of (await readFile(join(dir, name), 'utf8')).split('\n').slice(0, -1))
      try {
        JSON.parse(line)
      } catch {
        wrong.push(`a line of the journal can't be read: ${line.slice(0, 100)}`)
      }
  return wrong
}

const left = `find /etc /opt /usr/sbin /var/lib/rota /tmp -xdev \\( -name '.*.rota-*' -o -path '/tmp/rota.*' -o -path '/var/lib/rota/unfinished*' -o -path '/var/lib/rota/pending/*' -type f \\) -print
iptables -S | grep -i rota || :
[ -z "$(ls /var/lib/dpkg/updates)" ] || echo 'dpkg is not whole'`

/** What a run has left on a host, and the next one has not taken away. */
const outlived = async ({ lab, hosts }: Scenario): Promise<readonly string[]> =>
  (
    await Promise.all(
      hosts.map(async host =>
        (
          await shIn(lab, host, left)
        )
          .split('\n')
          .filter(Boolean)
          .map(what => `has outlived the next run: ${host}: ${what}`),
      ),
    )
  ).flat()
