import { type Agreement, connectionNotes, isUnchecked, uncheckedWarning } from '../host/index.ts'
import { hostNamed } from '../inventory/index.ts'
import type { Emit, RunEvent } from '../journal/index.ts'
import { continued, newRunId, printableLines, redacted } from '../journal/index.ts'
import { prepareRoles, type ReadyPlay } from '../plan/index.ts'
import { notifierOf, reporter } from '../report/index.ts'
import { type Confirmed, type Reverting, runPlays } from '../rollout/index.ts'
import { openChannel } from '../transport/index.ts'
import { askedOf } from './asked.ts'
import { confirm, confirmNext } from './confirm.ts'
import { interruptible } from './interrupt.ts'
import { codeOf } from './made-of.ts'
import type { Output } from './output.ts'
import type { PreparedRun } from './prepare-run.ts'
import { isOnGitHub, printNotes } from './problems.ts'
import { openRecord } from './records.ts'
import type { Resuming } from './resume.ts'

/** A run of before, which this one goes on with or takes back; and what is said of that at the beginning. */
export interface Earlier {
  readonly resumed?: Pick<Resuming, 'before' | 'said'>
  readonly reverting?: Reverting
  readonly said?: readonly string[]
  /** What the operator is shown, or has said yes to; and the differences among it. */
  readonly agreed?: Agreement
  readonly seen?: Set<string>
  /** Nobody watches. */
  readonly isQuiet?: true
}

/** Runs the plays, with the journal and the report, and returns the exit code. */
export async function execute(
  run: PreparedRun,
  { redactor, write }: Output,
  { resumed, reverting, said = resumed ? [resumed.said] : [], agreed, seen, isQuiet }: Earlier = {},
): Promise<number> {
  const { playbook, flags, options, inventory, view, tags, ready, paced, names, connections, warnings, notes, reads } =
    run
  const { end } = run
  // In check mode the first pass has done what there is to do; where a run is taken back nothing is made for it. What
  // is agreed on was made before.
  const plays =
    flags.check || reverting || agreed ? ready.plays : await prepareRoles(ready.plays, view, { check: false })
  const runId = newRunId()
  const { json, verbose, check, each, profile } = flags
  const live = process.stdout.isTTY === true && !isQuiet
  const report = reporter({ json, verbose, check, each, profile, live, ...(seen && { seen }) }, write)
  const hooks = flags.notify.length > 0 ? await notifierOf(flags.notify) : undefined
  const journal = openRecord(runId)
  const emit: Emit = event => {
    // Known before anything is begun on a host: what is gone on with is compared with it. Nothing follows the end.
    if (begins.has(event.kind)) tellMadeOf()
    const shown = redacted(event, redactor)
    if (event.kind !== 'progress') journal.write(shown)
    report.event(shown)
    hooks?.event(shown)
  }
  const tellMadeOf = onlyOnce(() => emit({ kind: 'madeOf', inventory: reads.digests(), code: codeOf(playbook.file) }))
  // The hosts are being connected to: until they answer there is time.
  const soon = setTimeout(tellMadeOf, 50)
  const onTerminal = <T>(question: string, ask: (text: string) => Promise<T>): Promise<T> => {
    const { goOn } = report.hold()
    return ask(continued(printableLines(redactor.text(question))).join('\n')).finally(goOn)
  }
  const { signal, done } = interruptible(text => emit({ kind: 'note', text }))
  let exitCode: number
  try {
    const unchecked = [...names].filter(name => isUnchecked(connections.get(name)))
    for (const text of [...warnings, ...uncheckedWarning(unchecked)]) emit({ kind: 'warning', text })
    if (flags.verbose > 0) {
      const said = connectionNotes([...names].flatMap(name => hostNamed(inventory, name) ?? []))
      for (const text of [...notes, ...said]) emit({ kind: 'note', text })
    }
    for (const note of ready.notes) emit(note)
    for (const text of [...said, ...(end ? [end.told] : [])]) emit({ kind: 'note', text })
    const asked = askedOf(playbook, flags.given, options.sources, plays, redactor)
    const past = end && (await (await import('./past-batches.ts')).pastBatches(asked.marks, namesOf(plays)))
    exitCode = await runPlays(plays, {
      run: runId,
      playbook: playbook.name,
      inventory,
      view,
      connections,
      open: openChannel,
      check: flags.check,
      diff: flags.diff,
      forks: options.forks,
      tags,
      asked: {
        ...asked,
        ...(resumed && { resumes: resumed.before.run }),
        ...(reverting && { takesBack: reverting.run }),
      },
      ...(resumed && { before: resumed.before }),
      ...(reverting && { reverting }),
      ...(agreed && { agreed }),
      ...(paced === undefined ? {} : { paced }),
      ...(flags.pause ? { pause: flags.pause } : {}),
      ...(end && past && { until: { ...end, onlyWhatFits: flags.windowOnly, past } }),
      ...(flags.confirm && { confirm: confirmer(question => onTerminal(question, text => confirmNext(text, signal))) }),
      signal,
      ask: question => onTerminal(question, text => confirm(text, signal)),
      emit,
      isSecret: redactor.isIn,
    })
  } finally {
    done()
    clearTimeout(soon)
    report.close(journal.path)
    journal.close()
  }
  if (flags.report !== undefined || flags.junit !== undefined || isOnGitHub()) {
    const { annotate, writeReports } = await import('./report-files.ts')
    await writeReports(flags, runId, journal.path)
    await annotate(journal.path)
  }
  // Last: a webhook that hangs is waited for, and nothing else waits for it.
  if (hooks) printNotes(await hooks.end(), 'warning: ')
  return exitCode
}

const namesOf = (plays: readonly ReadyPlay[]): readonly string[] => [...new Set(plays.map(({ play }) => play.name))]

/** Once it is all, nobody is asked any more. */
function confirmer(ask: (question: string) => Promise<Confirmed>): (question: string) => Promise<Confirmed> {
  let last: Confirmed | undefined
  return async question => {
    if (last !== 'all') last = await ask(question)
    return last
  }
}

const begins: ReadonlySet<RunEvent['kind']> = new Set(['taskStarted', 'around', 'task', 'hostFinished', 'runFinished'])

function onlyOnce(work: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    work()
  }
}
