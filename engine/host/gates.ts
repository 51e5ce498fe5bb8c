import { failure } from '../failure/index.ts'
import type { HostPlan } from './host-plan.ts'
import { judge } from './judge.ts'
import type { HostRun } from './run.ts'
import { waitUntil } from './wait.ts'

/** One look, no waiting; a play without a gate has nothing that could tell. */
export async function gateHoldsNow(run: HostRun): Promise<boolean> {
  const { gate } = run.play
  if (!gate) return true
  const { requests, verdict } = judge(gate, gate, run.host, run.inventory)
  return verdict(await run.channel.probe(requests())).ok
}

/**
 * Waits until the play's gate holds on the host. A host without changes was looked at by the probe and is only waited
 * for when the gate did not hold there.
 */
export async function holdsGate(run: HostRun, plan: HostPlan, signal: AbortSignal): Promise<void> {
  const { gate } = run.play
  if (!gate) return
  const judged = judge(gate, gate, run.host, run.inventory)
  if (!plan.dirty && judged.verdict(plan.facts).ok) return
  const requests = judged.requests()
  const about = { kind: 'gate', host: run.host.name, gate: gate.name } as const
  const waited = await waitUntil(
    gate,
    async () => judged.verdict(await run.channel.probe(requests)),
    seen => run.emit({ ...about, status: 'waiting', ...seen }),
    signal,
  )
  if (waited.status === 'holds') return run.emit({ ...about, ...waited })
  const { why, ...seen } = waited
  run.emit({ ...about, ...seen })
  throw failure(`expected ${seen.expected}, saw ${seen.saw} (${why})`, {
    where: [`gate ${gate.name}`],
    hint: 'the rollout goes no further; see to this host and run again',
  })
}
