import { posix } from 'node:path'
import { bytesOf, followed, glob, type PathFact, path as pathFact } from '../facts/index.ts'
import { blob, lines, raw, type Shell, sh } from '../shell/index.ts'
import { ownerProblems, pathProblems } from './checks.ts'
import { localProblems, localSource } from './local.ts'
import { isKeptPlace, keptWord, linkProblem, placeOf } from './place.ts'
import { type Change, defineTask } from './task.ts'

export type UnarchiveArgs = UnarchiveOptions &
  (
    | {
        /** Archive on the host: tar (compressed as its name says: .gz, .tgz, .bz2, .xz, .zst), or .zip. */
        readonly path: string
        readonly source?: never
      }
    | {
        /** Archive on the control machine. */
        readonly source: string
        readonly path?: never
      }
  )

export interface UnarchiveOptions {
  /** Directory that the files go to; made when it is missing. */
  readonly destination: string
  /** Leading directories of the names in a tar archive that are left out; default 0. */
  readonly strip?: number
  /** Only these members, as the archive names them; default all. */
  readonly members?: readonly string[]
  /** Owner and group of what is unpacked; default root's, as tar says. */
  readonly owner?: string
  readonly group?: string
  /**
   * Nothing is unpacked when a path like this is there; without it a mark with the archive's checksum is kept in the
   * destination.
   */
  readonly creates?: string
}

/**
 * An archive unpacked into a directory. Which version was unpacked is kept in `.rota-unarchive-NAME` there, so a new
 * version of the archive is unpacked again, and the same one is not. Files of an older version that the new one has not
 * are left.
 *
 * Facts: checksum of the archive, content of the mark. Refused: the archive is missing, unless an earlier task may
 * bring it. Source: Ansible's `unarchive`.
 */
export const unarchive = defineTask<UnarchiveArgs>({
  name: 'unarchive',
  title: args => `unarchive ${nameOf(args)} into ${args.destination}`,
  check: args => [
    ...pathProblems('destination', args.destination),
    ...ownerProblems(args),
    ...(args.path === undefined ? [] : pathProblems('path', args.path)),
    ...(args.source === undefined ? [] : localProblems('source', args.source)),
    ...((args.path === undefined) === (args.source === undefined) ? ['one of path and source is needed'] : []),
    ...(args.creates === undefined ? [] : pathProblems('creates', args.creates)),
    ...(args.strip && isZip(args) ? ['strip: has no meaning for a zip archive'] : []),
  ],
  facts: args => [
    ...(args.path === undefined ? [] : [pathFact({ path: args.path, sha256: true })]),
    pathFact({ path: args.destination }),
    parentFact(args),
    args.creates === undefined ? markFact(args) : glob({ pattern: args.creates }),
  ],
  plan: (args, facts, context): Change | undefined => {
    if (args.creates !== undefined && facts.get(glob({ pattern: args.creates })).matches.length > 0) return undefined
    const archive =
      args.path === undefined ? undefined : followed(facts.get(pathFact({ path: args.path, sha256: true })))
    const wanted =
      args.source === undefined
        ? archive?.type === 'file'
          ? archive.sha256
          : undefined
        : localSource(args.source).sha256
    const mark = args.creates === undefined ? bytesOf(facts.get(markFact(args))) : undefined
    const unpacked = mark === undefined ? undefined : Buffer.from(mark).toString().trim()
    if (unpacked !== undefined && (wanted === undefined || wanted === unpacked)) return undefined
    if (wanted === undefined && !context.changed)
      return {
        summary: 'cannot be unpacked',
        apply: raw(':'),
        refused: `${args.path} does not exist or may not be read`,
      }
    const destination = facts.get(pathFact({ path: args.destination }))
    const barred = destination.type === 'unknown' ? destination.reason : linkProblem(args.destination, destination)
    return {
      summary: unpacked === undefined ? 'not unpacked' : 'another version is unpacked',
      apply: script(args, destination, isKeptPlace(followed(destination), facts.get(parentFact(args)))),
      ...(barred === undefined ? {} : { apply: raw(':'), refused: barred }),
    }
  },
})

function script(args: UnarchiveArgs, destination: PathFact, keptPlace: boolean): Shell {
  const archive = args.source === undefined ? sh`a=${args.path ?? ''}` : sh`a=${blob(localSource(args.source))}`
  const members = args.members ?? []
  const unpack = isZip(args)
    ? sh`unzip -oq "$a" ${members} -d .`
    : sh`tar -x ${packing(args)} -f "$a" ${args.strip ? [`--strip-components=${args.strip}`] : []} ${members}`
  const who = `${args.owner ?? ''}${args.group === undefined ? '' : `:${args.group}`}`
  const place = placeOf(args.destination, destination, true)
  const entry = followed(destination)
  const kept = keptPlace && (entry.type !== 'directory' || entry.open === undefined)
  return lines([
    archive,
    sh`rota_directory ${place} '' '' '' ${keptWord(keptPlace)}
rota_enter ${place} ${keptWord(kept)}`,
    // Somebody who may write there could lead what unpacks elsewhere, between one member and the next.
    raw(`if [ -n "$rota_shared" ]; then
  mkdir -p "$ROTA_TMP/tree"
  trap 'rm -rf "$ROTA_TMP/tree"' EXIT
  cd "$ROTA_TMP/tree"
fi`),
    unpack,
    ...(who === '' ? [] : [sh`chown -hR ${who} .`]),
    sh`[ -z "$rota_shared" ] || rota_merge "$ROTA_TMP/tree" ${place}`,
    ...(args.creates === undefined
      ? [
          sh`sum=$(sha256sum < "$a")
printf '%s\n' "\${sum%% *}" >"$ROTA_TMP/mark"
rota_install "$ROTA_TMP/mark" ${`${place}/${markName(args)}`} 0644 '' ''`,
        ]
      : []),
  ])
}

// GNU tar finds out by itself, busybox's by the name, which a file that was sent has not.
const packing = (args: UnarchiveArgs): readonly string[] => {
  const [, ending = ''] = /\.(?:tar\.)?t?(gz|bz2|xz|zst)$/i.exec(nameOf(args)) ?? []
  return { gz: ['-z'], bz2: ['-j'], xz: ['-J'], zst: ['--zstd'] }[ending.toLowerCase()] ?? []
}

const nameOf = (args: UnarchiveArgs): string => (args.path ?? args.source ?? '').split('/').at(-1) ?? ''
const isZip = (args: UnarchiveArgs): boolean => /\.zip$/i.test(nameOf(args))
// The version in a name (containerd-1.7.1.tar.gz) is not part of the mark: a new version is the same thing.
const markName = (args: UnarchiveArgs): string =>
  `.rota-unarchive-${nameOf(args)
    .replace(/[^A-Za-z]+v?\d.*$/, '')
    .replace(/[^A-Za-z0-9._-]/g, '_')}`
const markFact = (args: UnarchiveArgs) => pathFact({ path: `${args.destination}/${markName(args)}`, content: true })
const parentFact = (args: UnarchiveArgs) => pathFact({ path: posix.dirname(args.destination) })
