/** What an author of a role writes: defineRole, step, gate, around, check; and how the inventory looks to it. */

export type { Around, HookContext } from './around.ts'
export type { BatchGate, BatchGates, BatchLook } from './batch-gate.ts'
export { type CallSite, callSite } from './call-site.ts'
export type { Check, Finding } from './check.ts'
export type { Condition, Gate } from './gate.ts'
export { type RebootOptions, reboot } from './reboot.ts'
export type { RemoteCommand, RemoteOutput, RemoteShell } from './remote.ts'
export type {
  AnyRole,
  Handlers,
  Nested,
  ParamsContext,
  ProvideContext,
  RoleCall,
  RoleContext,
  TaskOrStep,
} from './role.ts'
export { type Step, type StepContext, type StepResult, step } from './step.ts'
export type { Verdict } from './verdict.ts'
export {
  type AnyCluster,
  addressVariables,
  type ClusterAccess,
  type ClusterOf,
  type HostContext,
  type HostView,
  type InventoryView,
} from './view.ts'
