import { lines, raw, type Shell, sh } from '../shell/index.ts'
import type { Package, PackagesArgs } from './packages-args.ts'

export function aptInstall(items: readonly Package[], marks: readonly string[], args: PackagesArgs): Shell {
  const words = items.map(({ name, version }) => (version === undefined ? name : `${name}=${version}`))
  const options = [
    args.recommends ? '--install-recommends' : '--no-install-recommends',
    '--allow-downgrades',
    ...(args.hold === undefined ? [] : ['--allow-change-held-packages']),
  ]
  const install =
    words.length === 0
      ? []
      : [
          sh`${raw(listsTooOld(args.listsMaxAge))} || apt -s install ${options} ${words} >/dev/null 2>&1 || update`,
          ...(args.start === false ? [raw(noStart)] : []),
          sh`apt install ${options} ${words}`,
        ]
  const mark = marks.length === 0 ? [] : [sh`apt-mark ${args.hold ? 'hold' : 'unhold'} ${marks} >/dev/null`]
  return lines([apt(args), ...install, ...mark])
}

export const aptRemove = (names: readonly string[], args: PackagesArgs): Shell =>
  lines([
    apt(args),
    sh`apt ${args.purge ? 'purge' : 'remove'} ${args.hold === undefined ? [] : ['--allow-change-held-packages']} ${names}`,
  ])

// Configuration files that somebody changed stay as they are (confold). A package manager that was killed is helped up
// once. The lock of the lists is not covered by apt's own waiting, so `update` waits by itself.
const apt = ({ lockTimeout = 300 }: PackagesArgs): Shell => sh`export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
apt() {
  apt-get -q -y -o Dpkg::Use-Pty=0 -o ${`DPkg::Lock::Timeout=${lockTimeout}`} -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}
update() {
  waited=0
  until said=$(apt-get -q -y update 2>&1); do
    case $said in *'Could not get lock'*) ;; *) printf '%s\n' "$said" >&2; return 1 ;; esac
    [ "$waited" -lt ${lockTimeout} ] || { printf '%s\n' "$said" >&2; return 1; }
    waited=$((waited + 2))
    sleep 2
  done
}
[ -z "$(ls /var/lib/dpkg/updates 2>/dev/null)" ] || dpkg --force-confdef --force-confold --configure -a`

/** Succeeds after it has fetched the lists because there are none or they are too old; fails when they will do. */
function listsTooOld(maxAge: number | undefined): string {
  const old =
    maxAge === undefined
      ? ''
      : ` || [ -z "$(find /var/lib/apt/lists /var/lib/apt/lists/partial /var/lib/apt/periodic/update-success-stamp -maxdepth 0 -mmin -${Math.max(1, Math.ceil(maxAge / 60))} 2>/dev/null)" ]`
  return `set -- /var/lib/apt/lists/*_*
if [ ! -e "$1" ]${old}; then update; else false; fi`
}

// Debian starts daemons unless this file says no. It stops saying so with the process that wrote it, whatever happens
// to that.
const noStart = `if [ ! -e /usr/sbin/policy-rc.d ]; then
  me=$(exec sh -c 'echo "$PPID"')
  printf '#!/bin/sh\\n[ -d /proc/%s ] && exit 101\\nrm -f "$0"\\nexit 0\\n' "$me" > /usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi`
