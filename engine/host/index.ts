/** One host through one play: probe, plan, apply, verify, steps, hooks, gates, check mode; and how it is reached. */

export { checkHost } from './check-mode.ts'
export {
  type ConnectionFlags,
  connectionNotes,
  connectionOf,
  connectionSecrets,
  isUnchecked,
  uncheckedWarning,
} from './connection.ts'
export { flagProblems } from './connection-values.ts'
export { gateHoldsNow, holdsGate } from './gates.ts'
export { isHook } from './hook-name.ts'
export { enterAll, leaveAll } from './hooks.ts'
export { converge, type HostPlan, notePending, planHost, requestsFrom, willChange } from './host-run.ts'
export { judge } from './judge.ts'
export type { HostRun } from './run.ts'
export { stopwatch } from './stopwatch.ts'
