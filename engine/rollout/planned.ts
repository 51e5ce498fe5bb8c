import type { HostPlan, HostRun } from '../host/index.ts'
import type { WorkItem } from '../plan/index.ts'

/** A host of a batch that has been looked at: what is to be done there, and what the plan says. */
export interface Planned {
  readonly run: HostRun
  readonly plan: HostPlan
  /** All of the play, also what runs once and another host is to run. */
  readonly items: readonly WorkItem[]
}
