/** What an author of a role writes: defineRole, step, gate, around, check; and how the inventory looks to it. */

export type { Around } from './around.ts'
export { type CallSite, callSite } from './call-site.ts'
export type { Check, Finding } from './check.ts'
export type { Condition, Gate, Verdict } from './gate.ts'
export type { RemoteCommand, RemoteOutput, RemoteShell } from './remote.ts'
export type { AnyRole, Handlers, Nested, RoleCall, RoleContext, TaskOrStep } from './role.ts'
export { type Step, type StepContext, type StepResult, step } from './step.ts'
export { addressVariables, type HostView, type InventoryView } from './view.ts'
