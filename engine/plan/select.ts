import type { Problem } from '../failure/index.ts'
import { didYouMean } from '../failure/index.ts'
import { isSelected, type TagSelection } from '../playbook/index.ts'
import type { TaskOrStep } from '../role/index.ts'
import { onceNames } from './once.ts'
import type { Part } from './parts.ts'
import { type HandlerItem, type HostWork, isStep, type WorkItem } from './work.ts'

/** Of the parts of a host's work what is selected by its tags, and what is wrong with that. */
export function selectWork(
  parts: readonly Part[],
  selection: TagSelection,
): { readonly work: HostWork; readonly problems: readonly Problem[] } {
  const items: WorkItem[] = []
  const problems: Problem[] = []
  const ofPlay = parts.at(-1)?.handlers ?? []
  for (const part of parts) {
    const { label, units, handlers, site } = part
    const at = site ? { origin: site } : {}
    const known = handlers === ofPlay ? ofPlay : [...handlers, ...ofPlay]
    const once = onceNames(label, part.runOnce)
    const isPart = isSelected(part.tags, selection)
    for (const unit of units) {
      const owes: string[] = []
      for (const name of unit.notify) {
        const handler = handlerNamed(name, label, known)
        if (handler) owes.push(handler.name)
        else problems.push({ message: noHandler(label, unit, name), ...at, ...meant(name, known) })
      }
      if (!(unit.tags.length === 0 ? isPart : isSelected([...part.tags, ...unit.tags], selection))) continue
      for (const message of checkTask(label, unit)) problems.push({ message, ...at })
      items.push({ id: items.length, role: label, unit, owes, ...once(unit) })
    }
  }
  return { work: { items, handlers: parts.flatMap(({ handlers }) => handlers) }, problems }
}

/** A role's own handler comes before one of the play. */
const handlerNamed = (name: string, label: string, known: readonly HandlerItem[]): HandlerItem | undefined =>
  known.find(handler => handler.name === `${label}/${name}`) ?? known.find(handler => handler.name === `play/${name}`)

const noHandler = (label: string, { title }: TaskOrStep, name: string): string =>
  `${label}: task "${title}" notifies a handler that does not exist: ${name}`

const meant = (name: string, known: readonly HandlerItem[]): { readonly hint?: string } =>
  didYouMean(
    name,
    known.map(handler => handler.name.slice(handler.name.lastIndexOf('/') + 1)),
  )

function checkTask(label: string, unit: TaskOrStep): readonly string[] {
  if (isStep(unit) || !unit.kind.check) return []
  return unit.kind.check(unit.args).map(message => `${label}: task "${unit.title}": ${message}`)
}
