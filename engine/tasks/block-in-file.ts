import { regexpProblems } from '../regexp/index.ts'
import { type EditOptions, planEdit } from './edit.ts'
import { type BlockPlace, editBlock } from './edit-block.ts'
import { checkInstall, editFacts } from './install.ts'
import { opensByEdit } from './secret.ts'
import { type Computed, defineTask, factsOf, isComputed, resolved } from './task.ts'

export interface BlockInFileArgs extends EditOptions, BlockPlace {
  /** Lines of the block; empty removes the block and its markers. */
  readonly block: string | Computed<string>
  /**
   * Line around the block; `{mark}` becomes BEGIN and END. Default `# {mark} ROTA MANAGED BLOCK`. One for each block of
   * a file.
   */
  readonly marker?: string
  /** What `{mark}` becomes. */
  readonly markerBegin?: string
  readonly markerEnd?: string
}

/**
 * A block of lines between two marker lines in a file that others write too.
 *
 * A block that is there is replaced where it stands; a new one comes after the last line that matches `insertAfter`,
 * before the last that matches `insertBefore`, or at the end. Blocks that Ansible has written are taken over with
 * Ansible's marker.
 *
 * Facts: one path with its content. A change: the text, the mode or the owner differs. Refused: only one of the markers
 * is there or they are in the wrong order (saying the line), the file is missing (without `create`), not UTF-8, or
 * larger than 1 MiB. Source: Ansible's `blockinfile`.
 */
export const blockInFile = defineTask<BlockInFileArgs>({
  name: 'blockInFile',
  // The file is edited here and sent as a whole.
  unseen: ['block', 'insertAfter', 'insertBefore'],
  opens: (args, isSecret) => opensByEdit(args, args.block, isSecret),
  title: args => `block in ${args.path}`,
  check: args => {
    const { begin, end } = markers(args)
    const block = isComputed(args.block) ? '' : args.block
    return [
      ...checkInstall(args),
      ...regexpProblems('insertAfter', args.insertAfter),
      ...regexpProblems('insertBefore', args.insertBefore),
      ...(args.insertAfter !== undefined && args.insertBefore !== undefined
        ? ["insertAfter and insertBefore can't both be given"]
        : []),
      ...(begin === end ? ['marker: both marker lines are the same: it needs {mark}'] : []),
      ...(/[\r\n]/.test(begin + end) ? ['marker: must be one line'] : []),
      ...markersIn(block, begin, end),
    ]
  },
  facts: args => [...editFacts(args.path), ...factsOf<string>(args.block)],
  plan: (args, facts, context) => {
    const block = resolved<string>(args.block, facts)
    const { begin, end } = markers(args)
    const edit = (text: string) => {
      const [problem] = markersIn(block, begin, end)
      return problem === undefined ? editBlock(text, { ...args, block, begin, end }) : { problem }
    }
    return planEdit(args, facts, context, edit, block === '')
  },
})

function markers({
  marker = '# {mark} ROTA MANAGED BLOCK',
  markerBegin = 'BEGIN',
  markerEnd = 'END',
}: BlockInFileArgs) {
  return { begin: marker.replaceAll('{mark}', markerBegin), end: marker.replaceAll('{mark}', markerEnd) }
}

/** The block of /etc/hosts has a line for every host, and is the same on every host: it is looked through once. */
const markersIn = (block: string, begin: string, end: string): readonly string[] => {
  if (checked?.block !== block || checked.begin !== begin || checked.end !== end) {
    const problems = [begin, end].some(marker => hasLine(block, marker)) ? ['block: holds its own marker line'] : []
    checked = { block, begin, end, problems }
  }
  return checked.problems
}

// Memory of a pure function.
let checked:
  | { readonly block: string; readonly begin: string; readonly end: string; readonly problems: readonly string[] }
  | undefined

/** Without taking the block to pieces. */
const hasLine = (text: string, line: string): boolean => {
  const isEnd = (char: string | undefined) => char === undefined || char === '\n' || char === '\r'
  for (let at = text.indexOf(line); at >= 0; at = text.indexOf(line, at + 1))
    if (isEnd(text[at - 1]) && isEnd(text[at + line.length])) return true
  return false
}
