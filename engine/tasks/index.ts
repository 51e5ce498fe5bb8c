/** One file a kind of task: its args, the facts it needs, its plan, its apply. */

export type { Edited } from './edit-block.ts'
export { isFlushHandlers } from './flush-handlers.ts'
export * from './kinds.ts'
export { localSum } from './local.ts'
export { namesIn, tagsOf } from './names.ts'
export type { PackageName } from './packages-args.ts'
export { promptOf } from './pause.ts'
export { type IsSecret, seenSecrets } from './secret.ts'
export { cannotTakeBack, takeBack } from './take-back.ts'
export type { Change, PlanContext, Task } from './task.ts'
export * from './task.ts'
