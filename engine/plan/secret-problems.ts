import type { FactRequest } from '../facts/index.ts'
import type { Problem } from '../failure/index.ts'
import type { Play } from '../playbook/index.ts'
import type { Task } from '../tasks/index.ts'
import { type IsSecret, seenSecrets } from '../tasks/index.ts'
import { type HostWork, isStep } from './work.ts'

/** Secrets that a host's work would show to every user of the host: in arguments of commands, in names of files, in files that are open. */
export function secretProblems({ items, handlers }: HostWork, play: Play, isSecret: IsSecret): readonly Problem[] {
  const told = (role: string, title: string, messages: readonly string[]): readonly Problem[] =>
    messages.map(message => ({ message: `${role}: task "${title}": ${message}`, origin: play.site }))
  const ofTask = (role: string, { kind, args, title }: Task): readonly Problem[] =>
    told(role, title, [
      ...seenSecrets(args as object, kind.unseen ?? [], isSecret),
      ...(kind.opens?.(args, isSecret) ?? []),
    ])
  return [
    ...items.flatMap(({ role, unit }) =>
      isStep(unit) ? told(role, unit.title, seenInFacts(Object.values(unit.facts), isSecret)) : ofTask(role, unit),
    ),
    ...handlers.flatMap(({ role, tasks }) => tasks.flatMap(task => ofTask(role, task))),
  ]
}

const seenInFacts = (requests: readonly FactRequest[], isSecret: IsSecret): readonly string[] =>
  requests.flatMap(({ kind, args }) =>
    typeof args === 'object' && args !== null ? seenSecrets(args, kind.unseen ?? [], isSecret) : [],
  )
