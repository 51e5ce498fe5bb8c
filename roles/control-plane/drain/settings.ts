import type { HostView } from 'rota'
import { seconds } from './duration.ts'

/** kubespray's variables for draining, with its defaults (roles/upgrade/pre-upgrade and post-upgrade). */
export interface DrainSettings {
  readonly drain: boolean
  /** The operator is asked, or time passes, before a node is cordoned and before it is uncordoned. */
  readonly before: Wait
  readonly after: Wait
  readonly selector: string
  readonly first: DrainAttempt
  /** A second way, around budgets: pods are deleted, not evicted. */
  readonly fallback: DrainAttempt | undefined
  readonly uncordonAfterFailure: boolean
}

/** As in kubespray, nobody who was asked waits as well. */
export interface Wait {
  readonly confirm: boolean
  readonly pauseSeconds: number
}

export interface DrainAttempt {
  readonly graceSeconds: number
  readonly timeoutSeconds: number
  readonly retries: number
  readonly delaySeconds: number
}

/** Reads the variables of a host; throws with all that is wrong with them. */
export function drainSettings(host: HostView): DrainSettings {
  const { settings, problems } = readSettings(host)
  if (problems.length > 0) throw new Error(problems.join('; '))
  return settings
}

/** What is wrong with the variables of a host, all of it. */
export const drainProblems = (host: HostView): readonly string[] => readSettings(host).problems

function readSettings(host: HostView): { readonly settings: DrainSettings; readonly problems: readonly string[] } {
  const problems: string[] = []
  const read = <T>(name: string, fallback: T, parse: (value: unknown, name: string) => T): T => {
    try {
      return parse(host.var(name) ?? fallback, name)
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error))
      return fallback
    }
  }
  const duration = (name: string, fallback: number): number => read(name, fallback, seconds)
  const flag = (name: string, fallback: boolean): boolean => read(name, fallback, truth)
  const wait = (prefix: string): Wait => ({
    confirm: flag(`${prefix}_confirm`, false),
    pauseSeconds: duration(`${prefix}_pause_seconds`, 0),
  })
  const attempt = (prefix: string, retries: number): DrainAttempt => ({
    graceSeconds: duration(`${prefix}_grace_period`, 300),
    timeoutSeconds: duration(`${prefix}_timeout`, 360),
    retries: duration(`${prefix}_retries`, retries),
    delaySeconds: duration(`${prefix}_retry_delay_seconds`, 10),
  })
  const settings = {
    drain: flag('drain_nodes', true),
    before: wait('upgrade_node'),
    after: wait('upgrade_node_post_upgrade'),
    selector: String(host.var('drain_pod_selector') ?? ''),
    first: attempt('drain', 3),
    fallback: flag('drain_fallback_enabled', false) ? attempt('drain_fallback', 0) : undefined,
    uncordonAfterFailure: flag('upgrade_node_uncordon_after_drain_failure', true),
  }
  return { settings, problems }
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
  ...['upgrade_node', 'upgrade_node_post_upgrade'].flatMap(prefix => [`${prefix}_confirm`, `${prefix}_pause_seconds`]),
  'upgrade_node_uncordon_after_drain_failure',
  'drain_fallback_enabled',
  ...['drain', 'drain_fallback'].flatMap(prefix =>
    ['grace_period', 'timeout', 'retries', 'retry_delay_seconds'].map(name => `${prefix}_${name}`),
  ),
] as const
