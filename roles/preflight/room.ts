import { type Check, type Finding, facts, hostCheck, quote } from 'rota'

/** A directory that is written to, and how much: MiB. */
export interface Place {
  readonly path: string
  readonly needs: number
  /** The kubelet evicts pods and removes images where less than so many percent are free. */
  readonly evictsBelow?: number
}

/** Inodes that a file system without trouble has left. */
const fewInodes = 1000
/** Percent, the kubelet's own. */
const evictsBelowInodes = 5

/**
 * There is room where files of the run go, also for all of them on one file system, and nothing is mounted read-only
 * there. A disk that fills up in the midst of it leaves a master drained, and an etcd without its snapshot.
 */
export const roomIsThere = (places: readonly Place[], copied?: string): Check =>
  hostCheck({
    name: 'room on disks',
    facts: { room: facts.command({ run: roomText(places, copied), timeout: 20 }) },
    verdict: ({ room }) => judgeRoom(places, room.stdout),
  })

/**
 * Lines of `df`, in the order of the places: of each the file system that it is on, or will be. `copied` is a directory
 * that is copied as a whole meanwhile: its size counts where the first place is.
 */
const roomText = (places: readonly Place[], copied?: string): string => `LC_ALL=C; export LC_ALL
set --
for p in ${places.map(({ path }) => quote(path)).join(' ')}; do
  while [ ! -e "$p" ]; do p=\${p%/*}; [ -n "$p" ] || p=/; done
  set -- "$@" "$p"
done
for p; do df -Pk "$p" 2>/dev/null | sed -n '2s/^/room /p' | grep . || echo room; done
for p; do df -Pi "$p" 2>/dev/null | sed -n '2s/^/inodes /p' | grep . || echo inodes; done
awk '{ if ($4 ~ /^ro(,|$)/) ro[$2] = 1; else delete ro[$2] } END { for (m in ro) print "readonly", m }' /proc/self/mounts
${copied === undefined ? '' : `[ ! -d ${quote(copied)} ] || du -sk ${quote(copied)} 2>/dev/null | sed -n 's/^\\([0-9]*\\).*/copied \\1/p'`}
:`

interface Disk {
  readonly mount: string
  /** KiB. */
  readonly size: number
  readonly free: number
}

/** `overlay 41152736 10000 31000000 25% /mnt/with a space` */
const diskOf = (line: string): Disk | undefined => {
  const [, size, free, mount] = /\s(\d+)\s+\d+\s+(-?\d+)\s+[\d-]+%?\s+(\/.*)$/.exec(line) ?? []
  return mount === undefined ? undefined : { mount, size: Number(size), free: Number(free) }
}

export function judgeRoom(places: readonly Place[], stdout: string): Finding {
  const expected = 'room for what is written: make some, mount it writable, or let it be elsewhere'
  const linesOf = (word: string) =>
    stdout
      .split('\n')
      .flatMap(line => (line === word ? [''] : line.startsWith(`${word} `) ? [line.slice(word.length)] : []))
  const rooms = linesOf('room').map(diskOf)
  const inodes = linesOf('inodes').map(diskOf)
  const readonly = new Set(linesOf('readonly').map(mount => mount.trim()))
  const copied = Number(linesOf('copied')[0] ?? 0)
  const found = places.flatMap((place, index) => {
    const room = rooms[index]
    const needs = place.needs * 1024 + (index === 0 ? copied : 0)
    return room === undefined ? [] : [{ ...place, needs, room, inodes: inodes[index] }]
  })
  if (found.length === 0) return { ok: true, expected, saw: 'not looked at: df tells nothing' }
  const mounts = [...new Set(found.map(({ room }) => room.mount))].map(mount => {
    const here = found.filter(({ room }) => room.mount === mount)
    return { mount, here, room: here[0]?.room ?? { free: 0, size: 0 }, inodes: here[0]?.inodes }
  })
  const judged = mounts.map(({ mount, here, room, inodes: left }) => {
    const where = `${mount} (${[...new Set(here.map(({ path }) => path))].join(', ')})`
    const needs = here.reduce((sum, each) => sum + each.needs, 0)
    if (readonly.has(mount)) return { wrong: `${where} is mounted read-only` }
    if (room.free < needs)
      return { wrong: `${where} has ${mib(room.free)} MiB left, about ${mib(needs)} MiB are written` }
    // A file system that makes inodes as it goes has none to count.
    const counts = left !== undefined && left.size > 0
    if (counts && left.free < fewInodes) return { wrong: `${where} has ${left.free} inodes left` }
    const below = Math.max(...here.map(({ evictsBelow = 0 }) => evictsBelow))
    const evicts = 'the kubelet evicts pods there or removes images'
    if (share(room) < below)
      return { warning: `${mount} has ${share(room)} % free: ${evicts}, below ${below} %: make room` }
    if (below > 0 && counts && share(left) < evictsBelowInodes)
      return { warning: `${mount} has ${share(left)} % of its inodes free: ${evicts}, below ${evictsBelowInodes} %` }
    return {}
  })
  const wrong = judged.flatMap(mount => ('wrong' in mount ? [mount.wrong] : []))
  const warnings = judged.flatMap(mount => ('warning' in mount ? [mount.warning] : []))
  const more = warnings.length === 0 ? {} : { warnings }
  return wrong.length > 0
    ? { ok: false, expected, saw: wrong.join('; '), ...more }
    : { ok: true, expected, saw: 'enough', ...more }
}

const mib = (kib: number): number => Math.max(0, Math.ceil(kib / 1024))
const share = ({ free, size }: Pick<Disk, 'free' | 'size'>): number =>
  size <= 0 ? 0 : Math.max(0, Math.floor((free / size) * 100))
