import { followed } from '../facts/index.ts'
import { type EditOptions, planEdit } from './edit.ts'
import type { Edited } from './edit-block.ts'
import { checkInstall, editFact, editFacts } from './install.ts'
import { defineTask } from './task.ts'

export interface EditFileArgs extends Omit<EditOptions, 'create'> {
  /**
   * The text as it must be, made of the text as it is; or why that can't be done. Pure, and the same again when given
   * its own result.
   */
  readonly edit: (text: string) => Edited
  /** A file that is not there: nothing is done. Default: that is an error. */
  readonly missing?: 'skip'
}

/**
 * A text file that others write too, changed by a function of its text: for what neither a line nor a block is.
 *
 * Facts: one path with its content. A change: the text, the mode or the owner differs. Refused: the function says why,
 * or the file is not UTF-8, or larger than 1 MiB. Whoever changes the file between probe and apply is not overwritten.
 */
export const editFile = defineTask<EditFileArgs>({
  name: 'editFile',
  title: args => `edit ${args.path}`,
  check: checkInstall,
  facts: args => editFacts(args.path),
  plan: (args, facts, context) => {
    const { type } = followed(facts.get(editFact(args.path)))
    if (args.missing === 'skip' && type !== 'file' && type !== 'unknown') return undefined
    return planEdit(args, facts, context, args.edit, false)
  },
})
