/** The whole public API: what playbooks and roles import from 'rota'. */

export { playbook } from './cli/playbook.ts'
export type { Address } from './facts/addresses.ts'
export type { HttpFact } from './facts/http.ts'
export {
  defineFact,
  type FactKind,
  type FactMap,
  type FactRequest,
  type Facts,
  type FactValues,
  factTable,
} from './facts/index.ts'
export type { ListeningPort } from './facts/listening-ports.ts'
export type { PathFact } from './facts/path.ts'
export * as facts from './facts/public.ts'
export type { Certificate, TlsCertificateFact } from './facts/tls-certificate.ts'
export type { UnitFact } from './facts/unit.ts'
export { failure, messageOf } from './failure/failure.ts'
export type { Origin, Problem } from './failure/problem.ts'
export type {
  DefaultsFolder,
  DefaultsFound,
  DefaultsRule,
  DefaultsVersion,
  VersionOnHosts,
} from './inventory/defaults-rule.ts'
export type { InventoryRules, KnownNames } from './inventory/load.ts'
export type { Completes } from './inventory/types.ts'
export type { AtLeast } from './playbook/keep-available.ts'
export { type Play, type PlayOptions, play } from './playbook/play.ts'
export type { PlaybookContext, PlaybookOptions } from './playbook/playbook.ts'
export { type Serial, type Window, window } from './playbook/serial.ts'
export { type Around, around, type HookContext } from './role/around.ts'
export {
  type BatchGate,
  type BatchGates,
  type BatchLook,
  batchGate,
  batchGates,
  type GateTimes,
} from './role/batch-gate.ts'
export { type Check, type Finding, hostCheck, sharedCheck } from './role/check.ts'
export { defineCluster, sharedParams } from './role/cluster.ts'
export type { CommandGateOptions } from './role/command-gate.ts'
export { type Gate, gate } from './role/gate.ts'
export { type GateUrl, gateUrl } from './role/gate-url.ts'
export type { HttpGateOptions } from './role/http-gate.ts'
export { reboot } from './role/reboot.ts'
export type { RemoteCommand, RemoteOutput, RemoteShell } from './role/remote.ts'
export {
  defineRole,
  type Handlers,
  type Nested,
  type ParamsContext,
  type PeerFacts,
  type PrepareContext,
  type ProvideContext,
  type RoleCall,
  type RoleContext,
  type TaskOrStep,
} from './role/role.ts'
export { type Step, type StepContext, type StepResult, step } from './role/step.ts'
export { holds, type Verdict } from './role/verdict.ts'
export {
  type AnyCluster,
  addressVariables,
  type ClusterDefinition,
  type ClusterOf,
  type HostContext,
  type HostView,
  type InventoryView,
} from './role/view.ts'
export { blob, quote, raw, type Shell, sh } from './shell/shell.ts'
export { shownValue } from './shell/text.ts'
export {
  type Change,
  type Computed,
  computed,
  type Diff,
  defineTask,
  type Edited,
  factsOf,
  isComputed,
  isFlushHandlers,
  type PackageName,
  type PlanContext,
  promptOf,
  resolved,
  type Task,
  type TaskKind,
  type TaskOptions,
} from './tasks/index.ts'
export * from './tasks/kinds.ts'
export { localSum } from './tasks/local.ts'
export { seconds } from './values/duration.ts'
export { variableNames } from './values/names.ts'
export { isSetBy } from './values/params.ts'
export type { ParamsOf, ParamsSchema } from './values/schema.ts'
export * from './web/index.ts'
