/** From plays to each host's work: which hosts, params, roles' tasks, order, tags, what runs once. Pure but for `prepare`. */

export { type BoundRole, buildWork, noPeers, type PeersOf, paramsOn, peersFrom } from './build.ts'
export { checksOn, type LabelledCheck, onlyChecks } from './checks.ts'
export { nextOnce, onceOwners, ownWork, untilOnce } from './once.ts'
export { askOnce } from './prompt.ts'
export { prepareRoles, readyPlays } from './ready.ts'
export type { ReadyPlay } from './ready-play.ts'
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
