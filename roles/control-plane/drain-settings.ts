import type { HostView } from 'rota'
import { seconds } from './duration.ts'

/** kubespray's variables for draining, with its defaults (roles/upgrade/pre-upgrade/defaults/main.yml). */
export interface DrainSettings {
  readonly drain: boolean
  readonly pauseSeconds: number
  readonly selector: string
  readonly first: DrainAttempt
  /** A second way, around budgets: pods are deleted, not evicted. */
  readonly fallback: DrainAttempt | undefined
  readonly uncordonAfterFailure: boolean
}

export interface DrainAttempt {
  readonly graceSeconds: number
  readonly timeoutSeconds: number
  readonly retries: number
  readonly delaySeconds: number
}

/** Reads and checks the variables of a host; throws with the name of the one that is wrong. */
export function drainSettings(host: HostView): DrainSettings {
  const duration = (name: string, fallback: string | number): number => seconds(host.var(name) ?? fallback, name)
  const flag = (name: string, fallback: boolean): boolean => truth(host.var(name) ?? fallback, name)
  const attempt = (prefix: string, retries: number): DrainAttempt => ({
    graceSeconds: duration(`${prefix}_grace_period`, 300),
    timeoutSeconds: duration(`${prefix}_timeout`, '360s'),
    retries: duration(`${prefix}_retries`, retries),
    delaySeconds: duration(`${prefix}_retry_delay_seconds`, 10),
  })
  return {
    drain: flag('drain_nodes', true),
    pauseSeconds: duration('upgrade_node_pause_seconds', 0),
    selector: String(host.var('drain_pod_selector') ?? ''),
    first: attempt('drain', 3),
    fallback: flag('drain_fallback_enabled', false) ? attempt('drain_fallback', 0) : undefined,
    uncordonAfterFailure: flag('upgrade_node_uncordon_after_drain_failure', true),
  }
}

function truth(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value
  if (/^(true|yes|on|1)$/i.test(String(value))) return true
  if (/^(false|no|off|0)$/i.test(String(value))) return false
  throw new Error(`${name}: ${JSON.stringify(value)} is neither true nor false`)
}

/** The variables that `drainSettings` reads. */
export const drainVariables = [
  'drain_nodes',
  'drain_pod_selector',
  'upgrade_node_pause_seconds',
  'upgrade_node_uncordon_after_drain_failure',
  'drain_fallback_enabled',
  ...['drain', 'drain_fallback'].flatMap(prefix =>
    ['grace_period', 'timeout', 'retries', 'retry_delay_seconds'].map(name => `${prefix}_${name}`),
  ),
] as const
