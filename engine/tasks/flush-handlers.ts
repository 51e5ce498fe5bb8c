import { defineTask, type Task } from './task.ts'

const marker = defineTask<Record<never, never>>({
  name: 'flushHandlers',
  title: () => 'run the handlers notified so far',
  facts: () => [],
  plan: () => undefined,
})

/**
 * Runs the handlers that are owed so far at this place, not at the end of the play. Source: Ansible's `meta:
 * flush_handlers`.
 */
export const flushHandlers = (): Task => marker({})

/** The executor runs handlers where it meets this. */
export const isFlushHandlers = (task: Task): boolean => task.kind.name === 'flushHandlers'
