import type { TaskOrStep } from '../role/index.ts'
import { step } from '../role/index.ts'
import { promptOf } from '../tasks/index.ts'
import { isStep } from './work.ts'

/** A pause that asks is a step: the operator is asked where it stands, once for all hosts of a batch or window. */
export function withPrompt(unit: TaskOrStep): TaskOrStep {
  const question = isStep(unit) ? undefined : promptOf(unit)
  if (question === undefined) return unit
  return step({
    title: unit.title,
    tags: unit.tags,
    runOnce: unit.runOnce,
    needed: () => 'asks the operator',
    run: async ({ ask }) => {
      if (!(await ask(question))) throw new Error('the operator said no')
      return { changed: false }
    },
  })
}

/** The same question is asked once, one question at a time; everybody gets its answer. */
export function askOnce(ask: (question: string) => Promise<boolean>): (question: string) => Promise<boolean> {
  const answers = new Map<string, Promise<boolean>>()
  let last: Promise<unknown> = Promise.resolve()
  return question => {
    const known = answers.get(question)
    if (known) return known
    const answer = last.then(() => ask(question))
    last = answer.catch(() => {})
    answers.set(question, answer)
    return answer
  }
}
