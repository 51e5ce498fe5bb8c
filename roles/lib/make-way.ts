import { defineTask, facts, quote, raw, type Task, waitFor } from 'rota'
import { type ContainerRef, containerFunction, containerPid } from './pods/container.ts'

/**
 * Something that listens on a host: a unit of systemd, a container that Docker was told to run, a static pod, or a unit
 * around a container.
 */
export interface Listener {
  /** In words, for the operator. */
  readonly name: string
  readonly unit?: string
  readonly container?: string
  readonly pod?: { readonly pod: string; readonly container: string; readonly manifest: string }
}

interface Port {
  readonly port: number
  readonly others: readonly Listener[]
}

interface MakeWay extends Port, Condition {}

interface Condition {
  /** Shell text that has to succeed before anything is stopped, and why it is not where it fails. */
  readonly stopsOnlyWith?: { readonly check: string; readonly reason: string }
}

/**
 * Others let go of a port: those of them that listen on it are stopped for good, whatever else holds it is left alone.
 * For a switch from one proxy to another on the same port, right before the new one starts; one on another port serves
 * on until its clients have gone.
 *
 * Facts: one check, which prints the names of those that hold the port. A change: there is one.
 */
const task = defineTask<MakeWay>({
  name: 'makeWay',
  title: ({ port }) => `port ${port} is free for it`,
  facts: args => [holders(args)],
  plan: (args, seen) => {
    const names = new Set(seen.get(holders(args)).stdout.split('\n'))
    const holding = args.others.filter(other => names.has(other.name))
    if (holding.length === 0) return undefined
    return {
      summary: `stop ${holding.map(({ name }) => name).join(', ')}`,
      apply: raw([...condition(args), ...holding.map(other => stop(other)), freed(args)].join('\n')),
    }
  },
})

export const makeWay = (port: number, others: readonly Listener[], condition: Condition = {}): Task =>
  task({ port, others, ...condition })

const condition = ({ stopsOnlyWith }: Condition): readonly string[] =>
  stopsOnlyWith === undefined
    ? []
    : [`(${stopsOnlyWith.check}\n) || { echo ${quote(stopsOnlyWith.reason)} >&2; exit 1; }`]

/**
 * Shell text for a step: the same, and what was stopped is remembered in a folder of its own (manifests of pods, names
 * of units), so that `comeBack` can start it again.
 */
export const standAside = (port: number, others: readonly Listener[], folder: string): string =>
  [
    `mkdir -p ${quote(folder)} && chmod 0700 ${quote(folder)} || exit 1`,
    `found=$(sh -c ${quote(holdersScript({ port, others }))}) || exit 1`,
    ...others.map(
      other => `if printf '%s\\n' "$found" | grep -qxF -e ${quote(other.name)}; then
${stop(other, remembered(folder))}
fi`,
    ),
    freed({ port, others }),
  ].join('\n')

/** Shell text that starts again what has stood aside; nothing is done where nothing has. */
export const comeBack = (folder: string, manifestDir: string): string => `if [ -d ${quote(folder)} ]; then
  for kept in ${quote(folder)}/*; do
    case $kept in
      *.unit) systemctl -q enable --now -- "$(basename "$kept" .unit)" && rm -f "$kept" ;;
      *'*') ;;
      *) mv -f "$kept" ${quote(manifestDir)}/ ;;
    esac || exit 1
  done
  rmdir ${quote(folder)}
fi`

/** Waits until this one, and not just anybody, listens on the port. */
export const holdsPort = (port: number, listener: Listener): Task =>
  waitFor({
    title: `${listener.name} listens on ${port}`,
    check: { run: `${socketsOf(port)}\n${listens(listener)}` },
  })

const holders = (args: Port) => facts.command({ run: holdersScript(args) })

const holdersScript = ({ port, others }: Port): string => `${socketsOf(port)}
[ -n "$inodes" ] || exit 0
${others.map(other => `if ${listens(other)}; then echo ${quote(other.name)}; fi`).join('\n')}
:`

// `sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode`; state 0A is LISTEN.
const socketsOf = (port: number): string => `inodes=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
  while read -r _ local _ state _ _ _ _ _ inode _; do
    case $local/$state in *:${port.toString(16).toUpperCase().padStart(4, '0')}/0A) echo "$inode" ;; esac
  done)
listens() {
  [ "\${1:-0}" -gt 0 ] || return 1
  for process in "$1" $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
    open=$(ls -l "/proc/$process/fd" 2>/dev/null)
    for inode in $inodes; do case $open in *"socket:[$inode]"*) return 0 ;; esac; done
  done
  return 1
}`

const listens = ({ unit, container, pod }: Listener): string =>
  [
    ...(unit === undefined
      ? []
      : [`listens "$(systemctl show -p MainPID -- ${quote(unit)} 2>/dev/null | sed 's/^MainPID=//')"`]),
    ...(container === undefined ? [] : [containerListens({ docker: container })]),
    ...(pod === undefined ? [] : [containerListens({ pod: pod.pod, container: pod.container })]),
  ].join(' || ')

const containerListens = (ref: ContainerRef): string => `listens "$( ${containerFunction(ref)}
${containerPid}
)"`

/**
 * Without waiting for connections that are still open: what listens is closed at once, and the new one starts beside
 * what is left.
 */
const stop = ({ unit, container, pod }: Listener, keep: Keep = backedUp): string =>
  [
    ...(unit === undefined
      ? []
      : [
          ...keep.unit(unit),
          `systemctl -q disable -- ${quote(unit)} || :`,
          `systemctl --no-block stop -- ${quote(unit)} || :`,
        ]),
    // Docker may have started it itself; its unit stops it otherwise.
    ...(container === undefined
      ? []
      : [
          `${unit === undefined ? '' : `systemctl -q is-active -- ${quote(unit)} || `}docker rm -f ${quote(container)} >/dev/null 2>&1 || :`,
        ]),
    ...(pod === undefined ? [] : keep.manifest(pod.manifest)),
  ].join('\n')

interface Keep {
  readonly unit: (name: string) => readonly string[]
  readonly manifest: (path: string) => readonly string[]
}

const backedUp: Keep = {
  unit: () => [],
  manifest: path => [`rota_backup ${quote(path)}`, `rm -f ${quote(path)}`],
}

const remembered = (folder: string): Keep => ({
  unit: name => [`: >${quote(`${folder}/${name}.unit`)}`],
  manifest: path => [`mv -f ${quote(path)} ${quote(folder)}/`],
})

/** A pod takes the kubelet some seconds to end. */
const freed = (args: Port): string => `end=$(( $(date +%s) + 90 ))
while left=$(sh -c ${quote(holdersScript(args))}); [ -n "$left" ]; do
  if [ "$(date +%s)" -ge "$end" ]; then
    printf 'port %s is still held after 90 s by: %s\\n' ${args.port} "$left" >&2
    exit 1
  fi
  sleep 0.3
done`
