import { posix } from 'node:path'
import { bytesOf, type Facts, followed, type Mount, mounts, type PathFact, path as pathFact } from '../facts/index.ts'
import { hasControlCharacters, lines, raw, type Shell, sh } from '../shell/index.ts'
import { pathProblems, stateProblems } from './checks.ts'
import { planEdit } from './edit.ts'
import { editFstab, entryOf, type FstabEntry } from './edit-fstab.ts'
import { editFact, editFacts, textOf } from './install.ts'
import { type Change, defineTask, type PlanContext } from './task.ts'

export interface MountArgs {
  /** Where it is mounted: absolute, without links on the way. */
  readonly path: string
  /** What is mounted: a device, `UUID=…`, `server:/export`, a directory (with `opts: 'bind'`), or a word (`tmpfs`). */
  readonly src?: string
  /** `ext4`, `nfs`, `tmpfs`; of a bind mount `none`. */
  readonly fstype?: string
  /** Default `defaults`. */
  readonly opts?: string
  /** The last two fields of fstab; default 0, as nobody dumps or checks it. */
  readonly dump?: number
  readonly passno?: number
  /**
   * - `mounted` (default): now, and after the next boot.
   * - `present`: after the next boot; now it is as it is.
   * - `unmounted`: not now; fstab stays as it is.
   * - `absent`: neither now nor after the next boot.
   */
  readonly state?: 'mounted' | 'present' | 'unmounted' | 'absent'
}

/**
 * What is mounted at a path, now and in /etc/fstab, of which every other line stays as it is.
 *
 * The directory is made where it is missing, and stays. What can't be mounted is not written to fstab, for a boot would
 * wait for it. What is mounted there without an entry is taken for what is meant; another source or type is mounted in
 * the old one's place; other options by a remount. Nothing is unmounted by force, nor what is in use. Facts: the mounts
 * of the kernel, fstab. A change: nothing is mounted there (or something is), the entry differs, or an option that
 * forbids something (`ro`, `nosuid`, …) is not in effect. Refused: something is mounted below what is to be unmounted,
 * fstab has two entries of the path, others may write to the directory that it is in. Source: `man fstab`, Ansible's
 * `mount`.
 */
export const mount = defineTask<MountArgs>({
  name: 'mount',
  title: args => `mount ${args.path}${stateOf(args) === 'mounted' ? '' : ` ${stateOf(args)}`}`,
  check: args => [
    ...stateProblems(args.state, ['mounted', 'present', 'unmounted', 'absent']),
    ...pathProblems('path', args.path),
    ...(args.path === '/' && isGone(args) ? ['path: / is not unmounted'] : []),
    ...(['src', 'fstype', 'opts'] as const).flatMap(name => fieldProblems(name, args[name])),
    ...(['src', 'fstype'] as const).flatMap(name =>
      !isGone(args) && args[name] === undefined ? [`${name}: is needed where something is to be mounted`] : [],
    ),
    ...(args.fstype === 'swap' ? ['fstype: swap is not mounted'] : []),
    ...(['dump', 'passno'] as const).flatMap(name =>
      [undefined, 0, 1, 2].includes(args[name]) ? [] : [`${name}: ${args[name]} is not 0, 1 or 2`],
    ),
  ],
  facts: args => [
    mounts({ path: args.path }),
    parentFact(args),
    ...(stateOf(args) === 'unmounted' ? [] : editFacts(fstab)),
  ],
  plan: (args, facts, context): Change | undefined => {
    const now = facts.get(mounts({ path: args.path }))
    const written = stateOf(args) === 'unmounted' ? undefined : planFstab(args, facts, context)
    const move = isGone(args)
      ? unmounting(args.path, now.at)
      : stateOf(args) === 'mounted'
        ? mounting(args, now.at, oldEntry(args, facts))
        : undefined
    if (move === undefined && written === undefined) return undefined
    const below = move?.unmounts && !context.changed ? now.below : []
    const refused =
      below.length > 0
        ? `${below.join(', ')} is mounted below ${args.path}: unmount it first`
        : ((move && danger(facts.get(parentFact(args)))) ?? written?.refused)
    return {
      ...written,
      ...(written && move ? { keeps: 'part' } : {}),
      summary: [
        ...(move === undefined ? [] : [move.summary]),
        ...(written === undefined ? [] : [`${fstab} ${written.summary}`]),
      ].join(', '),
      apply: lines([
        // First what may fail: what is in fstab has been mounted.
        ...(move === undefined ? [] : [move.apply]),
        ...(written === undefined ? [] : [written.apply, raw(reload)]),
      ]),
      ...(refused === undefined ? {} : { refused }),
    }
  },
})

const fstab = '/etc/fstab'
// Not of the path itself: a server that is gone would be waited for.
const parentFact = ({ path }: MountArgs) => pathFact({ path: posix.dirname(path) })
// systemd makes units of fstab, and would go on by the old ones.
const reload = '[ ! -d /run/systemd/system ] || systemctl daemon-reload'

const stateOf = (args: MountArgs): NonNullable<MountArgs['state']> => args.state ?? 'mounted'
const isGone = (args: MountArgs): boolean => args.state === 'unmounted' || args.state === 'absent'

const entryFor = ({ path, src = '', fstype = '', opts = 'defaults', dump = 0, passno = 0 }: MountArgs): FstabEntry => ({
  src,
  path,
  fstype,
  opts,
  dump,
  passno,
})

function planFstab(args: MountArgs, facts: Facts, context: PlanContext): Change | undefined {
  const entry = isGone(args) ? undefined : entryFor(args)
  return planEdit(
    { path: fstab, create: true },
    facts,
    context,
    text => editFstab(text, args.path, entry),
    isGone(args),
  )
}

const oldEntry = ({ path }: MountArgs, facts: Facts): FstabEntry | undefined =>
  entryOf(textOf(bytesOf(facts.get(editFact(fstab))) ?? new Uint8Array()) ?? '', path)

/** `mount` goes by a path alone, which others could lead elsewhere meanwhile. */
function danger(folder: PathFact): string | undefined {
  const entry = followed(folder)
  if (entry.type === 'unknown') return entry.reason
  const reason = entry.exposed ?? ('open' in entry ? entry.open : undefined)
  return reason && `${reason}: whoever may write there could have something else mounted over, or unmounted`
}

/** What is done to the mounts of the kernel. */
interface Move {
  readonly summary: string
  readonly apply: Shell
  readonly unmounts: boolean
}

const unmounting = (path: string, at: readonly Mount[]): Move | undefined =>
  at.length === 0
    ? undefined
    : { summary: 'is mounted', apply: lines(at.map(() => sh`umount ${path}`)), unmounts: true }

function mounting(args: MountArgs, at: readonly Mount[], old: FstabEntry | undefined): Move | undefined {
  const { src = '', fstype = '', opts = 'defaults', path } = args
  const make = sh`rota_directory ${path} '' '' ''
[ "$PWD" = ${path} ] || { printf '%s leads to %s: name that directory\n' ${path} "$PWD" >&2; exit 1; }
mount -t ${fstype} -o ${opts} ${src} ${path}`
  const top = at.at(-1)
  if (top === undefined) return { summary: 'is not mounted', apply: make, unmounts: false }
  if (old !== undefined && (old.src !== src || old.fstype !== fstype))
    return {
      summary: `${old.src} (${old.fstype}) → ${src} (${fstype})`,
      apply: lines([sh`umount ${path}`, make]),
      unmounts: true,
    }
  const lacking = opts.split(',').filter(option => forbidding.has(option) && !top.options.includes(option))
  if (lacking.length === 0 && (old === undefined || old.opts === opts)) return undefined
  return {
    summary: lacking.length > 0 ? `is mounted without ${lacking.join(', ')}` : `options ${old?.opts} → ${opts}`,
    apply: sh`mount -t ${fstype} -o ${`remount,${opts}`} ${src} ${path}`,
    unmounts: false,
  }
}

// Those that the kernel shows by the same word.
const forbidding = new Set(['ro', 'nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime'])

const fieldProblems = (name: string, value: string | undefined): readonly string[] =>
  value === undefined || (value !== '' && !value.startsWith('-') && !hasControlCharacters(value))
    ? []
    : [`${name}: ${JSON.stringify(value)} is empty, begins with a hyphen, or holds a control character`]
