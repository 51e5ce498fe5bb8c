import type { Facts } from '../facts/index.ts'
import { failure } from '../failure/index.ts'
import type { PlannedChange } from '../plan/index.ts'
import type { Change, Task } from '../tasks/index.ts'

/** What the probe and the plan say before anything is changed. */
export interface HostPlan {
  readonly facts: Facts
  /** Handlers and hooks owed from an earlier run. */
  readonly pending: ReadonlySet<string>
  /** Something may go out of service: changes, steps, or handlers owed. */
  readonly disrupts: boolean
  /** There is something to do, be it only to wait. */
  readonly dirty: boolean
}

export function refuse(changes: readonly PlannedChange[]): void {
  for (const { item, task, change } of changes) refuseOne(item.role, task, change)
}

export function refuseOne(role: string, task: Task, change: Change | undefined): void {
  if (change?.refused !== undefined) throw failure(change.refused, { where: [role, task.title] })
}
