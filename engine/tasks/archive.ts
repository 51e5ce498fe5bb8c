import { posix } from 'node:path'
import { bytesOf, followed, path as pathFact, tree, treeCall, treeFunction } from '../facts/index.ts'
import { lines, raw, type Shell, sh } from '../shell/index.ts'
import { besides } from './besides.ts'
import { modeProblems, ownerProblems, pathProblems } from './checks.ts'
import { type Owned, ownedDifferences, ownWords } from './owned.ts'
import { isKept, isKeptDirectory, keptWord, placeOf } from './place.ts'
import { type Change, defineTask } from './task.ts'

export interface ArchiveArgs extends Owned {
  /** Files and directories, absolute. They are called in the archive as below the directory that all are in. */
  readonly path: string | readonly string[]
  /** The archive; its name says what it is: `.tar`, `.tar.gz` or `.tgz`, `.tar.bz2`, `.tar.xz`, `.tar.zst`, `.zip`. */
  readonly destination: string
}

/**
 * An archive of files of the host, made anew when one of them has changed.
 *
 * It is made beside its place and renamed, and is root's alone (0600) unless its mode is given, for it holds what its
 * files hold. What it was made of (a checksum of names, modes, owners, sizes and times, not of contents) is kept in
 * `.rota-archive-NAME` beside it. Links are archived, not followed. Facts: the files' entries, the archive, the mark. A
 * change: it does not exist, or a file of it is another one, new or gone, or its mode or owner differ. It is not
 * verified: files may go on changing. Refused: one of the paths does not exist, unless an earlier task may bring it.
 * Errors: a file changes while it is read. Source: Ansible's `archive`.
 */
export const archive = defineTask<ArchiveArgs>({
  name: 'archive',
  title: args => `archive ${args.destination}`,
  check: args => [
    ...pathsOf(args).flatMap(path => pathProblems('path', path)),
    ...(pathsOf(args).length === 0 ? ['path: is empty'] : []),
    ...pathProblems('destination', args.destination),
    ...contentOf(args).names.flatMap(name => (name.startsWith('-') ? [`path: ${name} begins with a hyphen`] : [])),
    ...pathsOf(args).flatMap(path =>
      `${args.destination}/`.startsWith(`${path === '/' ? '' : path}/`)
        ? [`destination: ${args.destination} would be a part of itself: it is in ${path}`]
        : [],
    ),
    ...(packer(args.destination) === undefined
      ? ['destination: ends in none of .tar, .tar.gz, .tgz, .tar.bz2, .tar.xz, .tar.zst, .zip']
      : []),
    ...modeProblems(args.mode),
    ...ownerProblems(args),
  ],
  facts: args => [
    tree(contentOf(args)),
    ...pathsOf(args).map(path => pathFact({ path })),
    pathFact({ path: args.destination }),
    parentFact(args),
    markFact(args),
  ],
  plan: (args, facts, context): Change | undefined => {
    const { destination } = args
    const content = facts.get(tree(contentOf(args)))
    const fact = facts.get(pathFact({ path: destination }))
    const entry = followed(fact)
    const folder = facts.get(parentFact(args))
    const refuse = (refused: string): Change => ({ summary: 'cannot be made', apply: raw(':'), refused })
    const places = [...pathsOf(args), destination].map(path => followed(facts.get(pathFact({ path }))))
    const barred = places.find(place => place.type === 'unknown')
    if (barred !== undefined) return refuse(barred.reason)
    if (entry.type !== 'absent' && entry.type !== 'file') return refuse(`${destination} is a ${entry.type}, not a file`)
    if (content.type === 'missing' && !context.changed)
      return refuse(`${content.names.map(name => posix.join(contentOf(args).root, name)).join(', ')} does not exist`)
    if (followed(folder).type === 'absent' && !context.changed)
      return refuse(`the directory ${posix.dirname(destination)} does not exist: make it with directory() first`)
    const mark = Buffer.from(bytesOf(facts.get(markFact(args))) ?? [])
      .toString()
      .trim()
    const same = entry.type === 'file' && content.type === 'tree' && mark === content.digest
    const differences = entry.type === 'file' ? ownedDifferences(entry, args) : []
    const kept = fact.type === 'link' && fact.real !== '' ? isKept(fact.to) : isKept(fact) && isKeptDirectory(folder)
    if (same && differences.length === 0) return undefined
    const place = placeOf(destination, fact, true)
    if (same && kept)
      return { summary: differences.join(', '), apply: sh`rota_own_file ${place} ${ownWords(args)} ${keptWord(kept)}` }
    // Not as the old one had them: where others may write, somebody may have put it there to be given this one.
    const own = ownWords({ ...args, mode: args.mode ?? '0600' })
    return {
      summary: entry.type === 'absent' ? 'does not exist' : same ? differences.join(', ') : 'what is in it has changed',
      effect: 'action',
      apply: lines([
        raw(treeFunction),
        // Before it is read: what changes meanwhile is archived the next time.
        sh`sum=$(${raw(treeCall(contentOf(args)))})
rota_follow ${place} ${keptWord(kept)}`,
        raw(besides),
        pack(args),
        sh`rota_put "$new" "$to" ${own}
trap - EXIT
[ -z "$rota_shared" ] || rota_leave_room
rota_sweep
printf '%s\n' "$sum" >"$ROTA_TMP/mark"
rota_install "$ROTA_TMP/mark" ${markOf(args)} 0644 '' ''`,
      ]),
    }
  },
})

const pathsOf = ({ path }: ArchiveArgs): readonly string[] => [path].flat()

/** The directory that all paths are in, and what they are called there. */
function contentOf(args: ArchiveArgs): { readonly root: string; readonly names: readonly string[] } {
  const [first = [], ...others] = pathsOf(args).map(path => posix.dirname(path).split('/').filter(Boolean))
  const common = first.findIndex((part, index) => others.some(other => other[index] !== part))
  const root = `/${first.slice(0, common < 0 ? first.length : common).join('/')}`
  return { root, names: pathsOf(args).map(path => posix.relative(root, path)) }
}

function pack(args: ArchiveArgs): Shell {
  const { root, names } = contentOf(args)
  return sh`(
  rota_enter ${root}
  ${packer(args.destination) ?? []} ${names}
) >"$new"`
}

/** Words of the program that writes the archive to its output. */
function packer(name: string): readonly string[] | undefined {
  if (name.endsWith('.zip')) return ['zip', '-qry', '-']
  const [, ending] = /\.(tar|tgz|tar\.gz|tar\.bz2|tar\.xz|tar\.zst)$/.exec(name) ?? []
  if (ending === undefined) return undefined
  const compress: Readonly<Record<string, readonly string[]>> = {
    tar: [],
    'tar.bz2': ['-j'],
    'tar.xz': ['-J'],
    'tar.zst': ['--zstd'],
  }
  return ['tar', '-c', ...(compress[ending] ?? ['-z']), '-f', '-']
}

const markOf = ({ destination }: ArchiveArgs): string =>
  `${posix.dirname(destination)}/.rota-archive-${posix.basename(destination)}`
const markFact = (args: ArchiveArgs) => pathFact({ path: markOf(args), content: true })
const parentFact = (args: ArchiveArgs) => pathFact({ path: posix.dirname(args.destination) })
