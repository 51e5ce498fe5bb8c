import type { FactRequest } from '../facts/index.ts'
import type { Problem } from '../failure/index.ts'
import type { Play } from '../playbook/index.ts'
import type { Task } from '../tasks/index.ts'
import { type IsSecret, seenSecrets } from '../tasks/index.ts'
import { type HostWork, isStep } from './work.ts'

/**
 * Secrets that a host's work would show to every user of the host: in arguments of commands, in names of files, in
 * files that are open.
 */
export function secretProblems({ items, handlers }: HostWork, play: Play, isSecret: IsSecret): readonly Problem[] {
  const found: Problem[] = []
  const add = (role: string, title: string, messages: readonly string[]): void => {
    for (const message of messages) found.push({ message: `${role}: task "${title}": ${message}`, origin: play.site })
  }
  const addTask = (role: string, { kind, args, title }: Task): void => {
    add(role, title, seenSecrets(args as object, kind.unseen ?? [], isSecret))
    if (kind.opens) add(role, title, kind.opens(args, isSecret))
  }
  for (const { role, unit } of items) {
    if (isStep(unit)) add(role, unit.title, seenInFacts(Object.values(unit.facts), isSecret))
    else addTask(role, unit)
  }
  for (const { role, tasks } of handlers) for (const task of tasks) addTask(role, task)
  return found
}

const seenInFacts = (requests: readonly FactRequest[], isSecret: IsSecret): readonly string[] =>
  requests.flatMap(({ kind, args }) =>
    typeof args === 'object' && args !== null ? seenSecrets(args, kind.unseen ?? [], isSecret) : [],
  )
