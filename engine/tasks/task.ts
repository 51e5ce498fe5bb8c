import type { FactMap, FactRequest, Facts, FactValues } from '../facts/index.ts'
import { valuesOf } from '../facts/index.ts'
import type { Shell } from '../shell/index.ts'
import { namesIn, tagsOf } from './names.ts'

/** What a kind of task is: its facts, its plan, and the words for it. One file per kind, the same shape in each. */
export interface TaskKind<A = unknown> {
  readonly name: string
  /** What an operator reads: `file /etc/hosts`. Never holds a secret. */
  readonly title: (args: A) => string
  /** Refuses arguments that can't be right (a relative path, a bad mode), all of them, before any host is touched. */
  readonly check?: (args: A) => readonly string[]
  /**
   * Names of arguments that travel beside all argument lists (a file's content, what a command reads). Any other that
   * holds a secret is refused: every user of the host could read it in the list of processes.
   */
  readonly unseen?: readonly string[]
  /** Refuses arguments that open a secret to others. */
  readonly opens?: (args: A, isSecret: (text: string) => boolean) => readonly string[]
  /**
   * The facts that the plan reads: what only a diff needs is asked for where one will be shown. Paths on the control
   * machine may be read here or in the plan (`LocalFile`).
   */
  readonly facts: (args: A, context: Pick<PlanContext, 'diff'>) => readonly FactRequest[]
  /** Pure: what has to change on the host, or nothing. */
  readonly plan: (args: A, facts: Facts, context: PlanContext) => Change | undefined
}

/** What a plan knows beside its arguments and facts. */
export interface PlanContext {
  /**
   * An earlier task of this stage is going to change something (so a condition that held at the probe may not hold any
   * more).
   */
  readonly changed: boolean
  /** The run shows differences: text changes should carry `diff`. */
  readonly diff: boolean
  /** Whether a text holds a secret of this run, in any form; a run without secrets has none. */
  readonly isSecret?: (text: string) => boolean
}

/** A change that the plan found to be needed. */
export interface Change {
  /**
   * Why, in a few words for the operator: `content differs`, `mode 0644 → 0600`, `not installed`. Never holds a secret.
   */
  readonly summary: string
  /**
   * What makes it so. Runs in a subshell with `set -eu`, stdin closed, `$ROTA_TMP` a private directory, and the
   * functions of `runtime.sh`. Idempotent. A non-zero exit fails the task; its output is then shown.
   */
  readonly apply: Shell
  readonly diff?: Diff
  /**
   * `apply` has the host keep what was there before (`rota_backup`): all that it changes, or a part of it. Without it
   * nothing can be taken back.
   */
  readonly keeps?: 'all' | 'part'
  /**
   * What has to be watched for a while once `apply` is done. As a handler it comes after the other handlers of its
   * turn: several daemons are watched in the time of one.
   */
  readonly settle?: Shell
  /**
   * - `change` (default): counts as changed; the verify must find nothing left of it.
   * - `action`: counts as changed, but leaves nothing that a probe could see (a reload, a plain command): not verified.
   * - `wait`: changes nothing on the host (waiting, asserting): not counted, not verified by a second pass.
   */
  readonly effect?: 'change' | 'action' | 'wait'
  /** The plan knows that it can't be done; the text says why and what to do. `apply` is not run. */
  readonly refused?: string
  /**
   * What facts are going to be after this change, where the plan can tell: later tasks of the stage are planned on
   * these, so two edits of one file need one pass. Without it they would still be right, one pass later (an edit checks
   * that the file is the one it read).
   */
  readonly leaves?: readonly (readonly [FactRequest, unknown])[]
  /**
   * A directory, by its physical path, that others may write to afterwards: what is below it is not kept for later
   * tasks of the stage.
   */
  readonly opens?: string
  /** Result for the control machine (`fetch`): called with the change's output. */
  readonly received?: (output: string) => Promise<void>
  /** Lines for the operator out of what `apply` has printed: what he has to know although all went well. */
  readonly says?: (output: string) => readonly string[]
  /** Bytes that `apply` prints, where they may be more than 1 MiB: what is longer is cut in its middle, with a note. */
  readonly output?: number
}

/** A text file before and after a change, for `--diff`. */
export interface Diff {
  readonly path: string
  readonly before: string
  readonly after: string
}

/** A task is data: the kind, its arguments, and how it takes part in the run. */
export interface Task<A = unknown> {
  readonly kind: TaskKind<A>
  readonly args: A
  readonly title: string
  /** Names of handlers of the role (or play) to run once after this task has changed something. */
  readonly notify: readonly string[]
  readonly tags: readonly string[]
  /**
   * Output, diff and arguments are never shown or written to the journal. A file that holds a known secret is one
   * without being told.
   */
  readonly secret: boolean
  /** On the first host of a batch that is still alive, for all of them; in a window on each. */
  readonly runOnce: boolean
}

/** What every builder accepts besides the arguments of its kind. */
export interface TaskOptions {
  /** Title for the operator instead of the kind's own. */
  readonly title?: string
  readonly notify?: string | readonly string[]
  readonly tags?: string | readonly string[]
  /** `false`, of a file: others may read it although it holds a secret. Its differences are not shown all the same. */
  readonly secret?: boolean
  /**
   * Only on the first host of each batch that has got this far; the others wait for it there, and when it fails none of
   * them goes on. In a window it runs on each host, on one after the other. Its title must be the same on all hosts.
   * Source: Ansible's `run_once`.
   */
  readonly runOnce?: boolean
}

/** `export const file = defineTask<FileArgs>({…})` gives the builder: `file({ path, content, notify: 'reload' })`. */
export function defineTask<A extends object>(kind: TaskKind<A>): (args: A & TaskOptions) => Task {
  return given => {
    const { title, notify, tags, secret, runOnce } = given
    const args = argsOf<A>(given)
    const task: Task<A> = {
      kind,
      args,
      title: title ?? kind.title(args),
      notify: namesIn(notify),
      tags: tagsOf(tags),
      secret: secret ?? false,
      runOnce: runOnce ?? false,
    }
    // A list holds tasks of all kinds; each kind only ever sees its own arguments.
    return task as unknown as Task
  }
}

/**
 * What is left without the options. Kinds that make diffs or files of their content have to know that it is a secret. A
 * loop: there are a million tasks in a large run, and a rest pattern costs three times as much.
 */
function argsOf<A extends object>(given: A & TaskOptions): A {
  const args: Record<string, unknown> = {}
  const all = given as Readonly<Record<string, unknown>>
  for (const name in all) if (!isOption(name) && (name !== 'secret' || all.secret !== undefined)) args[name] = all[name]
  return args as A
}

const isOption = (name: string): boolean =>
  name === 'title' || name === 'notify' || name === 'tags' || name === 'runOnce'

/**
 * A value that depends on facts of the host, worked out at plan time: `content: computed({ route: route({ to: vip }) },
 * f => …)`.
 */
export interface Computed<T> {
  readonly facts: readonly FactRequest[]
  readonly compute: (facts: Facts) => T
}

/** A value that depends on the host: worked out when the facts it asks for are known, in check mode too. */
export const computed = <M extends FactMap, T>(requests: M, compute: (values: FactValues<M>) => T): Computed<T> => ({
  facts: Object.values(requests),
  compute: facts => compute(valuesOf(requests, facts)),
})

/** Whether a value is worked out on the host. */
export const isComputed = <T>(value: T | Computed<T>): value is Computed<T> =>
  typeof value === 'object' && value !== null && 'compute' in value && 'facts' in value

/** The value, worked out from the facts where it is a computed one. */
export const resolved = <T>(value: T | Computed<T>, facts: Facts): T =>
  isComputed(value) ? value.compute(facts) : value

/** The facts that a value depends on; none where it is no computed one. */
export const factsOf = <T>(value: T | Computed<T> | undefined): readonly FactRequest[] =>
  value !== undefined && isComputed(value) ? value.facts : []
