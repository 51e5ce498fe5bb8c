/** One host through one play: probe, plan, apply, verify, steps, hooks, gates, check mode; and how it is reached. */

export {
  type Agreement,
  agreement,
  mustAllBeShown,
  mustBeAgreed,
  namesOfItems,
  type Showing,
} from './agreed.ts'
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
export { driftOf } from './drift.ts'
export { gateHoldsNow, holdsGate } from './gates.ts'
export { hookName, isHook } from './hook-name.ts'
export { announceAll, enterAll, leaveAll } from './hooks.ts'
export type { HostPlan } from './host-plan.ts'
export { converge, notePending, planHost, refuseBefore, requestsFrom, willChange } from './host-run.ts'
export { judge } from './judge.ts'
export { remoteShell } from './remote-shell.ts'
export type { HostRun } from './run.ts'
export { factsSeen, type Seen } from './seen.ts'
export { stopwatch } from './stopwatch.ts'
export { sumOfWould } from './sum.ts'
export { type Clock, clock, type Waited, waitUntil } from './wait.ts'
export type { Would } from './would.ts'
