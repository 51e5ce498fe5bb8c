import { posix } from 'node:path'
import { bytesOf, followed, type PathFact, path as pathFact, type Unit, unit } from '../facts/index.ts'
import { lines, raw, type Shell, sh } from '../shell/index.ts'
import { pathProblems, stateProblems } from './checks.ts'
import { planEdit } from './edit.ts'
import { withoutSwap, withSwap } from './edit-fstab.ts'
import { editFacts } from './install.ts'
import { isKeptPlace, placeOf } from './place.ts'
import { type Change, defineTask } from './task.ts'

export type SwapArgs =
  | {
      /** No swap at all, now and after the next boot. */
      readonly state: 'absent'
    }
  | {
      /** A file to swap to: `/swapfile`. Its directory is there, and nobody but root may write to it. */
      readonly path: string
      /** MiB. */
      readonly size: number
      readonly state?: 'present'
    }

/**
 * Swap: none, as the kubelet wants it, or a file of some size; now and after the next boot.
 *
 * Facts: /proc/swaps, /etc/fstab, the file, systemd's swap.target. A change: something is swapped to (or not to the
 * file), /etc/fstab says otherwise, swap.target is not masked (or is). Without swap its lines in /etc/fstab go, and
 * swap.target is masked, for a swap need not be named there (zram, a partition of that type). Other swaps stay beside a
 * file. Refused: others may write where the file is to be. Source: kubespray's `swapoff`, `man swapon`.
 */
export const swap = defineTask<SwapArgs>({
  name: 'swap',
  title: args => (args.state === 'absent' ? 'no swap' : `swap file ${args.path}`),
  check: args =>
    args.state === 'absent'
      ? []
      : [
          ...stateProblems(args.state),
          ...pathProblems('path', args.path),
          ...(Number.isInteger(args.size) && args.size > 0 ? [] : [`size: ${args.size} is not a number of MiB`]),
        ],
  facts: args => [
    inUse,
    target,
    ...editFacts(fstab),
    ...(args.state === 'absent' ? [] : [pathFact({ path: args.path }), parentFact(args.path)]),
  ],
  plan: (args, facts, context): Change | undefined => {
    const used = swapsIn(facts.get(inUse))
    const unitFact = facts.get(target)
    const masks = unitFact.type === 'unit' ? unitFact : undefined
    const edit = planEdit(
      { path: fstab, create: true },
      facts,
      context,
      text => ({ text: args.state === 'absent' ? withoutSwap(text) : withSwap(text, args.path) }),
      args.state === 'absent',
    )
    if (edit?.refused !== undefined) return edit
    const atBoot = edit && { summary: `${fstab} ${edit.summary}`, apply: sh`(\n${edit.apply}\n)\n${reload}` }
    const steps =
      args.state === 'absent'
        ? [
            atBoot,
            maskedStep(masks),
            used.length > 0 && { summary: `in use: ${used.join(', ')}`, apply: raw('swapoff -a') },
          ]
        : [
            fileStep(args, facts.get(pathFact({ path: args.path })), used),
            atBoot,
            masks?.unitFileState === 'masked' && {
              summary: 'swap.target is masked',
              apply: raw('systemctl -q unmask swap.target'),
            },
          ]
    const needed = steps.filter(step => step !== undefined && step !== false)
    if (needed.length === 0) return undefined
    const refused =
      args.state === 'absent'
        ? undefined
        : refusal(args.path, facts.get(pathFact({ path: args.path })), facts.get(parentFact(args.path)))
    return {
      summary: needed.map(({ summary }) => summary).join(', '),
      apply: lines(needed.map(({ apply }) => apply)),
      ...(edit?.diff === undefined ? {} : { diff: edit.diff }),
      ...(edit?.leaves === undefined ? {} : { leaves: edit.leaves }),
      ...(edit === undefined ? {} : { keeps: 'part' }),
      ...(refused === undefined ? {} : { refused }),
    }
  },
})

interface Step {
  readonly summary: string
  readonly apply: Shell
}

const fstab = '/etc/fstab'
const inUse = pathFact({ path: '/proc/swaps', content: true })
const target = unit({ name: 'swap.target' })
const parentFact = (path: string) => pathFact({ path: posix.dirname(path) })

/** systemd makes units of /etc/fstab when it is told to. */
const reload = raw('[ ! -d /run/systemd/system ] || systemctl daemon-reload')

const maskedStep = (fact: Unit | undefined): Step | false =>
  fact !== undefined &&
  fact.loadState !== 'not-found' &&
  fact.unitFileState !== 'masked' && {
    summary: 'swap.target is not masked',
    apply: raw('systemctl -q mask swap.target'),
  }

const mebi = 1024 * 1024

/** A file of the right size that is not in use may have been left half-made: it is made a swap again. */
function fileStep(
  { path, size }: { readonly path: string; readonly size: number },
  fact: PathFact,
  swaps: readonly string[],
): Step | false {
  const there = fact.type === 'file' ? fact : undefined
  // The kernel tells the physical path.
  const used = swaps.includes(placeOf(path, fact))
  const right = there?.size === size * mebi
  if (right && there.mode === '0600' && used) return false
  return {
    summary: [
      ...(there === undefined ? ['does not exist'] : right ? [] : [`${Math.floor(there.size / mebi)} → ${size} MiB`]),
      ...(there === undefined || there.mode === '0600' ? [] : [`mode ${there.mode} → 0600`]),
      ...(there === undefined || used ? [] : ['not in use']),
    ].join(', '),
    apply: lines([
      ...(right
        ? [sh`chmod 0600 ${path}`]
        : [
            ...(used ? [sh`swapoff ${path}`] : []),
            sh`rm -f ${path}`,
            // Without holes, which the kernel does not swap to.
            sh`(umask 077; dd if=/dev/zero of=${path} bs=1048576 count=${size} 2>"$ROTA_TMP/dd" || { cat "$ROTA_TMP/dd" >&2; rm -f ${path}; exit 1; })`,
          ]),
      ...(right && used ? [] : [sh`mkswap ${path} >/dev/null\nswapon ${path}`]),
    ]),
  }
}

function refusal(path: string, fact: PathFact, parent: PathFact): string | undefined {
  if (fact.type === 'unknown') return fact.reason
  if (fact.type !== 'file' && fact.type !== 'absent') return `${path} is a ${fact.type}, not a file`
  if (followed(parent).type === 'absent') return `the directory ${posix.dirname(path)} does not exist: make it first`
  return isKeptPlace(fact, parent)
    ? undefined
    : `others may write to ${posix.dirname(path)}: put the swap file elsewhere`
}

/** Paths of a table whose first line names its columns. The kernel writes some characters of a path in octal. */
const swapsIn = (fact: PathFact): readonly string[] =>
  Buffer.from(bytesOf(fact) ?? [])
    .toString()
    .split('\n')
    .slice(1)
    .flatMap(line => line.split(/\s/)[0] || [])
    .map(path => path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))))
