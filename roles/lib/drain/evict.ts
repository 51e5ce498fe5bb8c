import { setTimeout as sleep } from 'node:timers/promises'
import type { StepContext } from 'rota'
import type { Kubectl } from '../cluster/kubectl.ts'
import { atLeast } from '../version.ts'
import type { DrainAttempt, DrainSettings } from './settings.ts'

/**
 * Has the pods of a node go elsewhere, as kubespray does: by eviction, which asks their budgets, and where the operator
 * wants it by deletion at last. Nothing when they have gone, else what kubectl said last.
 */
export async function evict(
  { say }: Pick<StepContext, 'say'>,
  kubectl: Kubectl,
  name: string,
  settings: DrainSettings,
): Promise<string | undefined> {
  const version = await kubectl.$`${kubectl.words} version --client`.nothrow()
  const client = /GitVersion:"(v[\d.]+)|Client Version: (v[\d.]+)/.exec(version.stdout)
  // `--delete-local-data` got its better name with 1.20.
  const emptyDir = atLeast(client?.[1] ?? client?.[2] ?? 'v1.20.0', '1.20')
    ? '--delete-emptydir-data'
    : '--delete-local-data'
  const common = [
    'drain',
    name,
    '--force',
    '--ignore-daemonsets',
    emptyDir,
    ...(settings.selector === '' ? [] : [`--pod-selector=${settings.selector}`]),
  ]
  const said = await attempts(kubectl, common, settings.first)
  if (said === undefined || settings.fallback === undefined) return said
  say(`${name}: eviction did not succeed, pods are deleted without asking their budgets (drain_fallback_enabled)`)
  return attempts(kubectl, [...common, '--disable-eviction'], settings.fallback)
}

/** Nothing when it succeeded, else what kubectl said last. */
async function attempts(
  { $, words }: Kubectl,
  drainWords: readonly string[],
  attempt: DrainAttempt,
): Promise<string | undefined> {
  const limits = [`--grace-period=${attempt.graceSeconds}`, `--timeout=${attempt.timeoutSeconds}s`]
  // The drain itself may take longer than a single request.
  const patient = words.filter(word => !word.startsWith('--request-timeout'))
  for (let left = attempt.retries; ; left -= 1) {
    const output = await $`${[...patient, ...drainWords, ...limits]}`.nothrow()
    if (output.exitCode === 0) return undefined
    if (left <= 0) return output.stderr
    await sleep(attempt.delaySeconds * 1000)
  }
}
