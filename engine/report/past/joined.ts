import type { Said } from './item.ts'

/**
 * Hands things on, and makes one of two that tell the same: a task that failed, with what it printed, and the host that
 * failed by it, with why. `end` hands on what waits for its host.
 */
export function joined(next: (said: Said) => void): { readonly add: (said: Said) => void; readonly end: () => void } {
  const failed = new Map<string, Said>()
  return {
    add: said => {
      const { host, sort, isTask, why = '', hint } = said
      if (host === undefined || sort !== 'failed') return next(said)
      const task = failed.get(host)
      failed.delete(host)
      if (task && why.startsWith(`${task.what}: `))
        return next({ ...task, why: why.slice(task.what.length + 2), ...(hint === undefined ? {} : { hint }) })
      if (task) next(task)
      if (isTask) failed.set(host, said)
      else next(said)
    },
    end: () => {
      for (const said of failed.values()) next(said)
      failed.clear()
    },
  }
}
