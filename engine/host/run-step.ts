import { failure, isFailure, messageOf } from '../failure/index.ts'
import { isStep, type WorkItem } from '../plan/index.ts'
import type { RemoteShell, StepContext, StepResult } from '../role/index.ts'
import { raw } from '../shell/index.ts'
import { mustBeShown } from './agreed.ts'
import { namesOf } from './apply.ts'
import { doesAnything } from './doing.ts'
import { remoteShell } from './remote-shell.ts'
import type { HostRun } from './run.ts'

/**
 * Runs a step on its host and tells whether it changed something. The handlers it notifies are written down before it
 * starts.
 */
export async function runStep(run: HostRun, item: WorkItem, why: string, owed: ReadonlySet<string>): Promise<boolean> {
  if (!isStep(item.unit)) throw new Error(`not a step: ${item.unit.title}`)
  const about = { host: run.host.name, play: run.play.name, role: item.role, task: item.unit.title }
  mustBeShown(run, [doesAnything(run, item)])
  const started = Date.now()
  const elapsed = () => (Date.now() - started) / 1000
  run.emit({ kind: 'taskStarted', ...about })
  await notePending(run, item.owes, [])
  try {
    const result: StepResult = (await item.unit.run(stepContext(run))) ?? {}
    const changed = result.changed ?? true
    if (!changed)
      await notePending(
        run,
        [],
        item.owes.filter(name => !owed.has(name)),
      )
    run.emit({
      kind: 'task',
      ...about,
      taskKind: 'step',
      status: changed ? 'changed' : 'waited',
      summary: result.summary ?? why,
      seconds: elapsed(),
    })
    return changed
  } catch (error) {
    if (isFailure(error, 'unreachable') || isFailure(error, 'interrupted')) throw error
    const message = messageOf(error)
    run.emit({ kind: 'task', ...about, status: 'failed', summary: message, seconds: elapsed() })
    throw failure(message, { where: [item.role, item.unit.title] })
  }
}

/** Notes on the host what is owed from now on, and what is not any more. */
export async function notePending(run: HostRun, owes: readonly string[], paid: readonly string[]): Promise<void> {
  const items = [
    ...(owes.length > 0 ? [{ id: 0, script: raw(':'), owes }] : []),
    ...paid.map((pays, index) => ({ id: index + 1, script: raw(':'), owes: [], pays })),
  ]
  if (items.length === 0) return
  let done = 0
  // An interruption must not keep a host from being put back: what is noted here is noted all the same.
  const { failed } = await run.channel.apply({ ...namesOf(run), items, finishing: true }, event => {
    if (event.kind === 'done') done += 1
  })
  if (failed || done < items.length) {
    const why = failed?.output.trim() || 'nothing was written'
    throw failure(`the list of pending handlers on the host (/var/lib/rota/pending) could not be written: ${why}`)
  }
}

export function stepContext(run: HostRun): StepContext {
  const on = (host: string): RemoteShell =>
    remoteShell(() => run.channelOf(run.inventory.host(host).name), host, run.isSecret)
  return {
    host: run.host,
    inventory: run.inventory,
    run: run.run,
    $: remoteShell(async () => run.channel, run.host.name, run.isSecret),
    on,
    reconnect: run.reconnect,
    ask: run.ask,
    say: text => run.emit({ kind: 'note', host: run.host.name, text }),
  }
}
