import { connectionNotes, isUnchecked, uncheckedWarning } from '../host/index.ts'
import { hostNamed } from '../inventory/index.ts'
import type { Emit } from '../journal/index.ts'
import { continued, newRunId, printableLines, redacted } from '../journal/index.ts'
import { prepareRoles } from '../plan/index.ts'
import { reporter } from '../report/index.ts'
import { runPlays } from '../rollout/index.ts'
import { openChannel } from '../transport/index.ts'
import { confirm } from './confirm.ts'
import { interruptible } from './interrupt.ts'
import type { Output } from './output.ts'
import type { PreparedRun } from './prepare-run.ts'
import { openRecord } from './records.ts'

/** Runs the plays, with the journal and the report, and returns the exit code. */
export async function execute(run: PreparedRun, { redactor, write }: Output): Promise<number> {
  const { playbook, flags, options, inventory, view, tags, ready, serial, names, connections, warnings, notes } = run
  // In check mode the first pass has done what there is to do.
  const plays = flags.check ? ready.plays : await prepareRoles(ready.plays, view, { check: false })
  const runId = newRunId()
  const { json, verbose, check, profile } = flags
  const report = reporter({ json, verbose, check, profile, live: process.stdout.isTTY === true }, write)
  const journal = openRecord(runId)
  const emit: Emit = event => {
    const shown = redacted(event, redactor)
    journal.write(shown)
    report.event(shown)
  }
  const { signal, done } = interruptible(text => emit({ kind: 'note', text }))
  try {
    const unchecked = [...names].filter(name => isUnchecked(connections.get(name)))
    for (const text of [...warnings, ...uncheckedWarning(unchecked)]) emit({ kind: 'warning', text })
    if (flags.verbose > 0) {
      const said = connectionNotes([...names].flatMap(name => hostNamed(inventory, name) ?? []))
      for (const text of [...notes, ...said]) emit({ kind: 'note', text })
    }
    for (const note of ready.notes) emit(note)
    return await runPlays(plays, {
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
      ...(serial === undefined ? {} : { serial }),
      signal,
      ask: async question => {
        const { goOn } = report.hold()
        const text = continued(printableLines(redactor.text(question))).join('\n')
        return confirm(text, signal).finally(goOn)
      },
      emit,
      isSecret: redactor.isIn,
    })
  } finally {
    done()
    report.close(journal.path)
    journal.close()
  }
}
