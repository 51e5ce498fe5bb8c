import { type HostView, messageOf, type RemoteShell, type StepContext } from 'rota'
import { type EtcdAt, etcdctl, etcdutl } from './etcdctl.ts'

export interface SnapshotAt extends EtcdAt {
  /** kubespray's `etcd_backup_prefix`: snapshots are in a directory of our own below it. */
  readonly backupDir: string
  /** The newest of them stay, so many at most. */
  readonly snapshotsKept: number
  /** MiB that they may have together. The newest stays, whatever its size. */
  readonly snapshotsSize: number
  /** Where a member that is a pod has its data, the one place that its etcdctl can write to. */
  readonly podData?: string
}

/** Where snapshots are kept on a host. */
export const snapshotDir = ({ backupDir }: Pick<SnapshotAt, 'backupDir'>): string => `${backupDir}/rota-etcd`

/** Seconds that one may take. */
export const snapshotTimeout = 900

/**
 * A run keeps one snapshot of the whole cluster before it changes members or versions, on the first of these hosts
 * whose member gives one; it has the name of the run. Who comes later in the same run finds it there, and false comes
 * back. Throws where none of them can: nothing is to be changed then.
 */
export async function keepSnapshot(
  { on, run, say }: Pick<StepContext, 'on' | 'run' | 'say'>,
  at: SnapshotAt,
  members: readonly HostView[],
): Promise<boolean> {
  const path = `${snapshotDir(at)}/${run}.db`
  const isKept = await Promise.all(
    members.map(async ({ name }) => {
      const answer = await on(name)`[ ! -e ${path} ] || echo kept`.nothrow().catch(() => undefined)
      return answer?.stdout.trim() === 'kept'
    }),
  )
  if (isKept.includes(true)) return false
  const reasons: string[] = []
  for (const { name } of members) {
    try {
      const told = await takeSnapshot(on(name), at, path)
      if (told === undefined) return false
      say(`${name}: a snapshot of etcd is in ${path} (${told})`)
      return true
    } catch (error) {
      reasons.push(`${name}: ${messageOf(error)}`)
    }
  }
  throw new Error(`no snapshot of etcd could be kept, and nothing is changed without one: ${reasons.join('; ')}`)
}

/** KiB that are left on a disk beside the snapshot. */
const spare = 65536

/**
 * It has every secret of the cluster, so it is root's alone. Under its name there is a whole one, on the disk, or
 * nothing: it is written beside, read by etcd's own program, compared with the sum that etcd has put at its end, and
 * renamed. Says what is in it; undefined: it was there already.
 */
async function takeSnapshot($: RemoteShell, at: SnapshotAt, path: string): Promise<string | undefined> {
  const dir = snapshotDir(at)
  const work = at.podData ?? dir
  // Under this name nobody takes it for one.
  const part = `${work}/.rota-snapshot`
  // An etcdctl before 3.6 reads files as well; a newer one answers with its help, and has etcdutl beside it, but in
  // some images.
  const status = ['snapshot', 'status', part, '-w', 'json']
  const answer = await $`umask 077
export LC_ALL=C
dir=${dir} path=${path} work=${work} part=${part} whole=${dir}/.rota-snapshot
fail() { printf '%s\\n' "$*" >&2; exit 1; }
[ ! -e "$path" ] || { echo there; exit 0; }
[ ! -L "$dir" ] || fail "$dir is a link: a snapshot is not written where it leads"
mkdir -p "$dir"
[ -O "$dir" ] || fail "$dir is another user's: remove it, or set etcd_backup_prefix"
chmod 700 "$dir"
rm -f "$part" "$part.part" "$whole"
trap 'rm -f "$part" "$part.part" "$whole"' EXIT
trap 'exit 1' HUP INT TERM
bytes=$(${etcdctl(at, 'endpoint', 'status', '-w', 'json')} | sed -n 's/.*"dbSize": *\\([0-9][0-9]*\\).*/\\1/p')
[ -n "$bytes" ] || fail 'its member does not tell the size of its database'
needed=$((bytes / 1024 + ${spare}))
for place in "$work" "$dir"; do
  free=$(df -Pk "$place" | awk 'NR == 2 { print $4 }')
  [ "$free" -ge "$needed" ] ||
    fail "$place has $((free / 1024)) MiB left, and $((needed / 1024)) are needed: make room, or set etcd_backup_prefix"
done
${etcdctl(at, 'snapshot', 'save', part)} >/dev/null
utl() { ${etcdutl(at)} "$@"; }
if utl version >/dev/null 2>&1; then
  said=$(utl ${status} 2>&1) || fail "it can't be read: $(printf %s "$said" | tail -n 1)"
else
  said=$(${etcdctl(at, ...status)} 2>&1) || fail "it can't be read: $(printf %s "$said" | tail -n 1)"
fi
[ "$part" = "$whole" ] || mv "$part" "$whole"
chown 0:0 "$whole"
chmod 600 "$whole"
size=$(wc -c <"$whole")
[ "$((size % 512))" = 32 ] || fail 'it is not whole: etcd has put no sum at its end'
sum=$(head -c "$((size - 32))" "$whole" | sha256sum | cut -d ' ' -f 1)
end=$(tail -c 32 "$whole" | od -A n -v -t x1 | tr -d ' \\n')
[ "$sum" = "$end" ] || fail 'it is not whole: it differs from the sum at its end'
sync "$whole" 2>/dev/null || sync
mv "$whole" "$path"
sync "$dir" 2>/dev/null || sync
ls "$dir" | grep -E '^[0-9]{8}T[0-9]{6}Z(-[0-9]+)?\\.db$' | sort -r | {
  count=1 total=$size over=
  while read -r name; do
    [ "$dir/$name" != "$path" ] || continue
    count=$((count + 1)) total=$((total + $(wc -c <"$dir/$name")))
    if [ "$count" -gt ${at.snapshotsKept} ] || [ "$total" -gt ${at.snapshotsSize * 1024 ** 2} ]; then over=1; fi
    [ -z "$over" ] || rm -f "$dir/$name"
  done
}
printf 'size %s\\n%s\\n' "$size" "$said"`
    .timeout(snapshotTimeout)
    .nothrow()
  if (answer.exitCode !== 0) throw new Error(lastLine(answer.stderr || answer.stdout) || 'it took too long')
  return answer.stdout.trim() === 'there' ? undefined : contents(answer.stdout)
}

/** `4 MiB, 812 keys, revision 3121`; a host may say what it likes. */
function contents(stdout: string): string {
  const number = (pattern: RegExp): number => Number(pattern.exec(stdout)?.[1] ?? Number.NaN)
  const bytes = number(/^size (\d+)$/m)
  const keys = number(/"totalKey": *(\d{1,15})\b/)
  const revision = number(/"revision": *(\d{1,15})\b/)
  return [
    `${Math.ceil(bytes / 1024 ** 2)} MiB`,
    ...(Number.isNaN(keys)
      ? ['compared with its sum; no etcdutl is there to read it']
      : [`${keys} keys`, `revision ${revision}`]),
  ].join(', ')
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.slice(0, 300) ?? ''
