import type { HowItWent, Stretch, Told } from '../past/told.ts'

/** The run as numbers, for the script of the page: seconds since its beginning; hosts and plays by their places. */
export interface Picture {
  readonly seconds: number
  /** Those that failed first, then as the plays have them. */
  readonly hosts: readonly string[]
  readonly plays: readonly string[]
  readonly outcomes: readonly HowItWent[]
  readonly spans: readonly (readonly [
    host: number,
    play: number,
    from: number,
    to: number,
    outcome: number,
    out: readonly Stretch[],
    gate: readonly Stretch[],
  ])[]
  /** When batches began. */
  readonly marks: readonly (readonly [at: number, name: string])[]
  /** From each time on: how many hosts are at work, and how many of all are in service. */
  readonly curve: {
    readonly at: readonly number[]
    readonly work: readonly number[]
    readonly serve: readonly number[]
  }
}

const outcomes: readonly HowItWent[] = ['failed', 'unreachable', 'broken off', 'changed', 'ok', 'skipped']

export function pictureOf({ seconds, plays }: Told): Picture {
  const worst = new Map<string, number>()
  for (const { hosts, spans } of plays) {
    for (const host of hosts) if (!worst.has(host)) worst.set(host, outcomes.length)
    for (const { host, outcome } of spans)
      worst.set(host, Math.min(worst.get(host) ?? outcomes.length, outcomes.indexOf(outcome)))
  }
  // Only that something went wrong puts a host before the others.
  const rank = (host: string) => Math.min(worst.get(host) ?? outcomes.length, outcomes.indexOf('changed'))
  const hosts = [...worst.keys()].sort((a, b) => rank(a) - rank(b))
  const place = new Map(hosts.map((host, index) => [host, index]))
  return {
    seconds: short(seconds),
    hosts,
    plays: plays.map(({ play }) => play),
    outcomes,
    spans: plays.flatMap(({ spans }, play) =>
      spans.map(
        ({ host, from, to, outcome, out, gate }) =>
          [
            place.get(host) ?? 0,
            play,
            short(from),
            short(to),
            outcomes.indexOf(outcome),
            out.map(shortened),
            gate.map(shortened),
          ] as const,
      ),
    ),
    marks: plays.flatMap(({ portions }) => portions.map(({ from, name }) => [short(from), name] as const)),
    curve: curveOf(plays, hosts.length, seconds),
  }
}

function curveOf(plays: Told['plays'], total: number, seconds: number): Picture['curve'] {
  const steps = plays.flatMap(({ spans }) =>
    spans.flatMap(({ host, from, to, out }) => [
      { at: from, host, work: 1, out: 0 },
      { at: to, host, work: -1, out: 0 },
      ...out.flatMap(([left, back]) => [
        { at: left, host, work: 0, out: 1 },
        // Who is still out when the run ends stays so.
        ...(back < seconds ? [{ at: back, host, work: 0, out: -1 }] : []),
      ]),
    ]),
  )
  steps.sort((a, b) => a.at - b.at)
  const hooks = new Map<string, number>()
  const points: { at: number; work: number; serve: number }[] = [{ at: 0, work: 0, serve: total }]
  let [work, outside] = [0, 0]
  for (const step of steps) {
    const before = hooks.get(step.host) ?? 0
    hooks.set(step.host, before + step.out)
    // A host may be out by several hooks: it is one host.
    outside += Number(before + step.out > 0) - Number(before > 0)
    work += step.work
    const point = { at: short(step.at), work, serve: total - outside }
    if (points.at(-1)?.at === point.at) points[points.length - 1] = point
    else points.push(point)
  }
  const last = points.at(-1)
  if (last && last.at < short(seconds)) points.push({ ...last, at: short(seconds) })
  const column = (name: 'at' | 'work' | 'serve') => points.map(point => point[name])
  return { at: column('at'), work: column('work'), serve: column('serve') }
}

const short = (seconds: number): number => Math.round(seconds * 100) / 100
const shortened = ([from, to]: Stretch): Stretch => [short(from), short(to)]
