import { regexpProblems } from '../regexp/index.ts'
import { stateProblems } from './checks.ts'
import { type EditOptions, planEdit } from './edit.ts'
import { editLine, type LineEdit } from './edit-line.ts'
import { checkInstall, editFacts } from './install.ts'
import { opensByEdit } from './secret.ts'
import { defineTask } from './task.ts'

export interface LineInFileArgs extends EditOptions {
  /** The line, without its end. Needed unless `state` is absent and `regexp` is given. */
  readonly line?: string
  /** In Python's syntax. The last line that matches becomes `line` (present), or all that match go (absent). */
  readonly regexp?: string
  /** Default present. */
  readonly state?: 'present' | 'absent'
  /** Where nothing matches: after the last line that matches this, or `BOF`, or `EOF` (default). */
  readonly insertAfter?: string
  /** Where nothing matches: before the last line that matches this, or `BOF`. */
  readonly insertBefore?: string
  /**
   * `\1` and `\g<name>` in `line` stand for groups of `regexp`; where it does not match, nothing is done. Default
   * false.
   */
  readonly backrefs?: boolean
  /** The first match counts instead of the last. Default false. */
  readonly firstMatch?: boolean
}

/**
 * One line in a file that others write too.
 *
 * Facts: one path with its content. A change: the text, the mode or the owner differs. Refused: the file is missing
 * (without `create`), not UTF-8, or larger than 1 MiB. Patterns see a line without its end; what would take too long is
 * refused. Source: Ansible's `lineinfile`.
 */
export const lineInFile = defineTask<LineInFileArgs>({
  name: 'lineInFile',
  // The file is edited here and sent as a whole.
  unseen: ['line', 'regexp', 'insertAfter', 'insertBefore'],
  opens: (args, isSecret) => opensByEdit(args, args.line, isSecret),
  title: args => `line in ${args.path}`,
  check: args => [
    ...stateProblems(args.state),
    ...checkInstall(args),
    ...regexpProblems('regexp', args.regexp),
    ...regexpProblems('insertAfter', args.insertAfter),
    ...regexpProblems('insertBefore', args.insertBefore),
    ...(args.line === undefined && (args.state !== 'absent' || args.regexp === undefined) ? ['line: is needed'] : []),
    ...(args.line !== undefined && /[\r\n]/.test(args.line) ? ['line: must be one line'] : []),
    ...(args.backrefs && args.regexp === undefined ? ['backrefs: needs regexp'] : []),
    ...(args.insertAfter !== undefined && args.insertBefore !== undefined
      ? ["insertAfter and insertBefore can't both be given"]
      : []),
  ],
  facts: args => editFacts(args.path),
  plan: (args, facts, context) => {
    const edit: LineEdit = { ...args, state: args.state ?? 'present' }
    return planEdit(args, facts, context, text => ({ text: editLine(text, edit) }), edit.state === 'absent')
  },
})
