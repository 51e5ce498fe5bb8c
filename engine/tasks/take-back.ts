import { type Facts, isSame, type KeptPath, kept, type Standing } from '../facts/index.ts'
import { lines, raw, type Shell, sh } from '../shell/index.ts'
import { textOf } from './install.ts'
import { type Change, type Diff, defineTask } from './task.ts'

export interface TakeBackArgs {
  /** The run and the number of its play that have replaced what is at the path. */
  readonly run: string
  readonly play: number
  /** Absolute, as the host's list has it. */
  readonly path: string
  /** Also where somebody has changed it since. */
  readonly force: boolean
  /** What a later play of the run has made of it, which is taken back first: in check mode it is there still. */
  readonly later?: Standing
}

/**
 * What is at a path is again what it was before a play of a run: content, mode and owner of a file, where a link leads
 * to, mode and owner of a directory; nothing, where there was nothing. What is replaced is kept as of any other change.
 *
 * Facts: what the host keeps of the play. A change: what is there differs from it. Refused: somebody has changed it
 * since the run (without `force`), what was kept is gone, or something is there that can't be replaced.
 */
export const takeBack = defineTask<TakeBackArgs>({
  name: 'takeBack',
  title: ({ path }) => `take back ${path}`,
  facts: ({ run, play }) => [kept({ run, play })],
  plan: (args, facts, context): Change | undefined => {
    const found = keptPath(args, facts)
    if (found === undefined || (found.before && isSame(found.before, found.now))) return undefined
    const { before, now } = found
    const refuse = (refused: string): Change => ({ summary: 'cannot be taken back', apply: raw(':'), refused })
    const isLater = args.later !== undefined && isSame(args.later, now)
    const problem = cannotTakeBack(found, args.force || isLater)
    if (problem !== undefined || before === undefined) return refuse(`${args.path} ${problem ?? 'was not kept'}`)
    const diff = context.diff ? diffOf(found) : undefined
    return {
      summary: summaryOf(before, now),
      apply: lines([sh`rota_backup ${args.path} ${found.secret ? ['secret'] : []}`, restore(args, before, now)]),
      keeps: 'all',
      ...(diff === undefined ? {} : { diff }),
    }
  },
})

function keptPath({ run, play, path }: TakeBackArgs, facts: Facts): KeptPath | undefined {
  const fact = facts.get(kept({ run, play }))
  return fact.type === 'kept' ? fact.paths.find(one => one.path === path) : undefined
}

/** Why what is at a path is left as it is, as the end of a sentence about it; undefined where it can be taken back. */
export function cannotTakeBack({ before, left, now }: KeptPath, force: boolean): string | undefined {
  if (before === undefined) return 'was replaced, and what was there before is not kept any more'
  if (before.type === 'other') return 'was neither a file nor a link nor a directory'
  if (now.type === 'other') return 'is neither a file nor a link nor a directory now'
  if (now.type === 'directory' && before.type !== 'directory') return 'is a directory now'
  if (before.type === 'directory' && now.type !== 'directory' && now.type !== 'absent') return `is a ${now.type} now`
  if (force || (left !== undefined && isSame(left, now))) return undefined
  return left === undefined
    ? 'was being changed when the host or its shell died: whether somebody has changed it since is not known'
    : `has been changed since${now.type === 'absent' ? ': it is gone' : ''}`
}

/** Mode, owner and group by number: an account may be gone. */
const owned = ({ mode, uid, gid }: { readonly mode: string; readonly uid: number; readonly gid: number }) => [
  mode,
  uid,
  gid,
]

// `$rota_name` is the name of the copy, which `rota_encode` makes of the path. Under a name of its own it is moved from
// where nobody else has a say.
function restore({ run, play, path }: TakeBackArgs, before: Standing, now: Standing): Shell {
  const copy = sh`rota_encode ${path}; copy=$ROTA_STATE/backup/${run}/${play}/$rota_name`
  switch (before.type) {
    case 'file':
      return lines([
        copy,
        raw('(umask 077 && cp "$copy" "$ROTA_TMP/back")'),
        // What a link leads to is not what was there.
        ...(now.type === 'link' ? [sh`rota_remove ${path}`] : []),
        sh`rota_install "$ROTA_TMP/back" ${path} ${owned(before)}`,
      ])
    case 'link':
      return lines([copy, sh`rota_link "$(readlink "$copy")" ${path}`])
    case 'directory':
      return sh`rota_directory ${path} ${owned(before)}`
    default:
      return sh`rota_remove ${path}`
  }
}

function summaryOf(before: Standing, now: Standing): string {
  if (before.type === 'absent') return `remove: the run made it`
  if (now.type === 'absent') return `the run removed it`
  if (before.type === 'link') return now.type === 'link' ? 'leads elsewhere' : `was a link`
  if (now.type === 'link') return `was a ${before.type}`
  if (before.type === 'other' || now.type === 'other') return 'differs'
  const content = before.type === 'file' && now.type === 'file' && before.sha256 !== now.sha256
  return [
    ...(content ? ['content as before'] : []),
    ...(before.mode === now.mode ? [] : [`mode ${now.mode} → ${before.mode}`]),
    ...(before.uid === now.uid ? [] : [`owner ${now.uid} → ${before.uid}`]),
    ...(before.gid === now.gid ? [] : [`group ${now.gid} → ${before.gid}`]),
  ].join(', ')
}

/** What only its owner may read is not shown, whoever has put it there. */
function diffOf({ path, before, now, contents }: KeptPath): Diff | undefined {
  const isClosed = [before, now].some(at => at?.type === 'file' && (Number.parseInt(at.mode, 8) & 0o077) === 0)
  if (contents === undefined || isClosed) return undefined
  const [old, young] = [textOf(contents.now), textOf(contents.before)]
  return old === undefined || young === undefined ? undefined : { path, before: old, after: young }
}
