import type { FactMap, Facts, FactValues } from '../facts/index.ts'
import { valuesOf } from '../facts/index.ts'
import { namesIn, tagsOf } from '../tasks/index.ts'
import type { RemoteShell } from './remote.ts'
import type { HostView, InventoryView } from './view.ts'

/** What a step or hook works with. */
export interface StepContext {
  readonly host: HostView
  readonly inventory: InventoryView
  /** Name of the run, as of its journal and of its backups on a host: `20260101T030405Z-4711`. Its time sorts. */
  readonly run: string
  /** Remote `$` on this host: ``await $`kubectl get node ${name}` ``. */
  readonly $: RemoteShell
  /** Remote `$` on another host of the inventory (Ansible's delegate_to). */
  readonly on: (host: string) => RemoteShell
  /**
   * Gives up the connection to this host and opens another, for what ends it (a reboot, another sshd). The next command
   * waits for the host, and fails as unreachable where it is not there.
   */
  readonly reconnect: () => Promise<void>
  /** A line for the operator, under this host and step. */
  readonly say: (text: string) => void
  /**
   * Asks the operator on the terminal, once per batch or window for the same question: true to go on. Throws where
   * there is no terminal.
   */
  readonly ask: (question: string) => Promise<boolean>
}

/** What a step says of itself. It has changed something unless it says that it has not. */
export interface StepResult {
  readonly changed?: boolean
  /** A few words for the report. */
  readonly summary?: string
}

/**
 * An async function in a role, for what can't be planned from facts. It ends a stage. `facts` and `needed` let it take
 * part in the probe: a step that is not needed costs nothing, and check mode can tell whether it would run.
 */
export interface Step {
  readonly type: 'step'
  readonly title: string
  readonly tags: readonly string[]
  readonly notify: readonly string[]
  readonly runOnce: boolean
  readonly facts: FactMap
  /** Why the step must run, or `false`. */
  readonly needed: (facts: Facts) => string | false
  readonly run: (context: StepContext) => Promise<StepResult | undefined>
}

export interface StepOptions<M extends FactMap> {
  readonly title: string
  readonly tags?: string | readonly string[]
  readonly notify?: string | readonly string[]
  /** As of tasks: on the first host of a batch that is still alive, for all of them; in a window on each. */
  readonly runOnce?: boolean
  readonly facts?: M
  /**
   * Given the facts: why it must run, or false. Without it the step runs always, and costs a round trip in every run.
   */
  readonly needed?: (values: FactValues<M>) => string | false
  readonly run: (context: StepContext) => Promise<StepResult | undefined>
}

/**
 * Work that can not be planned: `run` has a shell on the host (`$`) and ends a stage, so it sees what the tasks before
 * it have done. It is idempotent. An error that it throws fails the host. `needed` says beforehand whether it runs.
 */
export function step<const M extends FactMap = Record<never, never>>(options: StepOptions<M>): Step {
  const requests = options.facts ?? ({} as M)
  return {
    type: 'step',
    title: options.title,
    tags: tagsOf(options.tags),
    notify: namesIn(options.notify),
    runOnce: options.runOnce ?? false,
    facts: requests,
    needed: facts => (options.needed ? options.needed(valuesOf(requests, facts)) : 'runs always'),
    run: options.run,
  }
}
