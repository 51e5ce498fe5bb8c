import { readFileSync } from 'node:fs'
import { messageOf, refused } from '../../failure/index.ts'
import { agreement } from '../../host/index.ts'
import { printable } from '../../journal/index.ts'
import type { Playbook } from '../../playbook/index.ts'
import { gathered } from '../../report/index.ts'
import type { Story } from '../../runs/index.ts'
import { changesOn } from '../agree.ts'
import type { Earlier } from '../execute.ts'
import { type Flags, parseFlags } from '../flags.ts'
import { lookFirst } from '../look.ts'
import type { Output } from '../output.ts'
import type { PreparedRun } from '../prepare-run.ts'
import { type Anew, merged, wordsOf } from '../started.ts'
import { type Other, othersThanPlanned } from './compare.ts'
import { freeOfPlan, headerOf, headerProblems, keyFor, storedFlags } from './header.ts'
import { recording } from './record.ts'
import type { Plan } from './schema.ts'
import { readPlan } from './text.ts'

/** A plan that is to be done. */
export interface Applying {
  /** Those of the plan, with what has to be given again. */
  readonly flags: Flags
  /** Throws where the run would be made of something else than the plan was. */
  readonly check: (prepared: PreparedRun, output: Pick<Output, 'redactor'>) => void
  /** Does what the plan says and nothing else. `begun`: the runs that this one goes on with. */
  readonly execute: (run: PreparedRun, output: Output, earlier: Earlier, begun?: readonly Story[]) => Promise<number>
}

/** Reads a plan. Throws where it is none, and where other flags are given than it was made with. */
export async function applying(playbook: Playbook, given: Flags, file: string): Promise<Applying> {
  const plan = await readPlan(textOf(file), file)
  const flags = parseFlags(playbook, wordsOf(merged(storedFlags(plan), given.given, anewOf(file))))
  return {
    flags,
    check: (prepared, { redactor }) => {
      prepared.reads.add(file)
      const problems = headerProblems(plan, headerOf(prepared, redactor, keyFor(prepared, redactor), file))
      if (problems.length > 0) throw refused(problems)
    },
    execute: (run, output, earlier, begun = []) => applyPlan({ plan, file, begun }, run, output, earlier),
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw refused([{ message: `--apply ${file}: ${messageOf(error)}`, hint: 'write a plan with --plan-out FILE' }])
  }
}

const anewOf = (file: string): Anew => ({
  made: `the plan ${file} was made`,
  free: freeOfPlan,
  together: [],
  otherwise: 'is done as it was made',
  hint: 'leave it out, or make the plan anew with --plan-out',
})

interface Given {
  readonly plan: Plan
  readonly file: string
  readonly begun: readonly Story[]
}

/**
 * Looks at all hosts in all plays, and goes on only where exactly that would be done which is planned. From then on it
 * is agreed on as with `--ask`.
 */
async function applyPlan(
  { plan, file, begun }: Given,
  run: PreparedRun,
  output: Output,
  before: Earlier,
): Promise<number> {
  const agreed = agreement()
  const recorded = recording(agreed, keyFor(run, output.redactor), output.redactor)
  const said: string[] = []
  const unseen: Output = { ...output, write: text => void said.push(text) }
  say(`looks at the hosts: are they as in ${file}?`)
  const { exitCode, goOn } = await lookFirst(run, unseen, { ...before, agreed: recorded.agreed, isQuiet: true })
  const left = recorded.leftOut()
  if (exitCode === 130 || left.length > 0) {
    output.write(said.join(''))
    say(
      `nothing was changed: ${left.length === 0 ? 'interrupted' : `${left.join(', ')} can't be told to be as planned`}`,
    )
    return exitCode
  }
  const planned = plan.plays.reduce((sum, { changes }) => sum + changes.length, 0)
  const { hosts, changes } = agreed.sum()
  if (changes === 0 && begun.length === 0) {
    if (exitCode !== 0) output.write(said.join(''))
    const was = planned === 0 ? 'has nothing to do' : 'is done already: nothing of it is left to do'
    say(`the plan ${file} ${was}`)
    return exitCode
  }
  const others = othersThanPlanned(plan.plays, recorded.plays(run.ready.plays), begun)
  if (others.length > 0) {
    sayOthers(others, file)
    return 2
  }
  const made = `plan ${file}, made ${plan.made} by ${plan.by}: ${changesOn(changes, hosts)}`
  if (run.flags.check) {
    say(`${made}; it can be done as it is`)
    return 0
  }
  return goOn(output, { ...before, agreed, said: [...(before.resumed ? [before.resumed.said] : []), made] })
}

function sayOthers(others: readonly Other[], file: string): void {
  const told = gathered()
  for (const { host, lines } of others)
    told.add({ host, head: 'is not as planned', below: lines.map(line => `    ${line}`) })
  for (const line of told.take()) say(line)
  say(`nothing was changed: ${file} is not what would be done now. ${advice}`)
}

const advice =
  'Look who has changed that, and make the plan anew with --plan-out; a run of it that was broken off is gone on with by --resume'

const say = (text: string): void => void process.stderr.write(`${text.split('\n').map(printable).join('\n')}\n`)
