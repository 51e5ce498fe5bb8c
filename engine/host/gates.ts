import { setTimeout as sleep } from 'node:timers/promises'
import { failure } from '../failure/index.ts'
import type { HostPlan } from './host-run.ts'
import { judge } from './judge.ts'
import type { HostRun } from './run.ts'

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
  const started = Date.now()
  const elapsed = () => (Date.now() - started) / 1000
  const requests = judged.requests()
  for (;;) {
    const verdict = judged.verdict(await run.channel.probe(requests))
    if (verdict.ok)
      return run.emit({ kind: 'gate', host: run.host.name, gate: gate.name, status: 'holds', seconds: elapsed() })
    const { expected, saw } = verdict
    const about = { kind: 'gate', host: run.host.name, gate: gate.name, expected, saw, seconds: elapsed() } as const
    if (elapsed() > gate.timeout || signal.aborted) {
      run.emit({ ...about, status: 'failed' })
      const waited = signal.aborted ? 'interrupted' : `after ${gate.timeout} s`
      throw failure(`expected ${expected}, saw ${saw} (${waited})`, {
        where: [`gate ${gate.name}`],
        hint: 'the rollout goes no further; see to this host and run again',
      })
    }
    run.emit({ ...about, status: 'waiting' })
    await sleep(gate.interval * 1000, undefined, { signal }).catch(() => {})
  }
}
