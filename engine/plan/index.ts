/**
 * From plays to each host's work: which hosts, params, roles' tasks, order, tags, what runs once. Pure but for
 * `prepare`.
 */

export { batchGatesOf } from './batch-gates.ts'
export { bindPlays, clustersOf } from './bind.ts'
export { type BoundRole, paramsOn } from './bound.ts'
export { type LabelledCheck, onlyChecks } from './checks.ts'
export { hostContext, plainContext } from './contexts.ts'
export { draftPlays, type Readied } from './draft.ts'
export { listParams } from './list-params.ts'
export { type NameBeaten, namesBeaten } from './names-beaten.ts'
export { nextOnce, onceItems, onceOwners, ownWork, untilOnce } from './once.ts'
export { type PeersOf, peersFrom } from './peers.ts'
export { prepareRoles } from './prepare.ts'
export { askOnce } from './prompt.ts'
export { type Draft, draftOf, type ReadyPlay, workOn } from './ready-play.ts'
export { inventoryView } from './views.ts'
export {
  factsNeeded,
  type HandlerItem,
  type HostWork,
  handlerChange,
  handlersOwed,
  isFlush,
  isStep,
  leftOver,
  type PlannedChange,
  planStage,
  stageAt,
  type WorkItem,
} from './work.ts'
