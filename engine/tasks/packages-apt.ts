import { aptPins, listsAreOld, listsOlder, neverAutoRemoved } from '../facts/index.ts'
import { lines, quote, raw, type Shell, sh } from '../shell/index.ts'
import type { Package, PackagesArgs } from './packages-args.ts'
import { keptFiles, removesWhatStays, staysPattern } from './upgrade-words.ts'

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
          ...(args.start === false ? [raw(noStart())] : []),
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

/** Everything that is upgraded, and with it goes what nobody needs any more. */
export function aptUpgrade({ except, keep, listsMaxAge, lockTimeout, autoclean }: AptUpgrade): Shell {
  const stay = [...except, ...keep]
  return lines([
    apt({ lockTimeout }),
    aptPins(except),
    sh`apt_pins "$ROTA_TMP"
: >"$ROTA_TMP/begun"
if ${listsAreOld(listsMaxAge)}; then update; fi
set -- -o Dir::Etc::preferences="$ROTA_TMP/preferences" ${neverAutoRemoved(stay)} --auto-remove dist-upgrade`,
    // The lists may be newer than those that the plan was made from.
    ...(stay.length === 0
      ? []
      : [
          sh`goes=$(apt -s "$@" | sed -n 's/^Remv \\([^ ]*\\).*/\\1/p' | grep -E -e ${staysPattern(stay)} || :)
[ -z "$goes" ] || { printf '%s\n' ${removesWhatStays('')}"$goes" >&2; exit 1; }`,
        ]),
    raw('apt "$@"'),
    ...(autoclean ? [raw('apt autoclean')] : []),
    keptFiles("-name '*.dpkg-dist' -o -name '*.ucf-dist'"),
  ])
}

interface AptUpgrade {
  readonly except: readonly string[]
  readonly keep: readonly string[]
  readonly listsMaxAge: number
  readonly lockTimeout: number
  readonly autoclean: boolean
}

// Configuration files that somebody changed stay as they are (confold). A package manager that was killed is helped up
// once, when nobody else is at work.
const apt = ({
  lockTimeout = 300,
}: Pick<
  PackagesArgs,
  'lockTimeout'
>): Shell => sh`export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l UCF_FORCE_CONFFOLD=1
export APT_LISTCHANGES_FRONTEND=none APT_LISTBUGS_FRONTEND=none
apt() {
  apt-get -q -y -o Dpkg::Use-Pty=0 -o ${`DPkg::Lock::Timeout=${lockTimeout}`} -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}
${aptUpdate(lockTimeout)}
waited=0
until [ -z "$(ls /var/lib/dpkg/updates 2>/dev/null)" ] || said=$(dpkg --force-confdef --force-confold --configure -a 2>&1); do
  case $said in *'locked by another process'*) ;; *) printf '%s\n' "$said" >&2; exit 1 ;; esac
  [ "$waited" -lt ${lockTimeout} ] || { printf '%s\n' "$said" >&2; exit 1; }
  waited=$((waited + 2))
  sleep 2
done`

/**
 * Shell function `update`: fetches lists of packages. Their lock is not covered by apt's own waiting, so it waits by
 * itself.
 */
export const aptUpdate = (lockTimeout = 300, options = raw('')): Shell => sh`update() {
  waited=0
  until said=$(apt-get -q -y ${options} update 2>&1); do
    case $said in *'Could not get lock'*) ;; *) printf '%s\n' "$said" >&2; return 1 ;; esac
    [ "$waited" -lt ${lockTimeout} ] || { printf '%s\n' "$said" >&2; return 1; }
    waited=$((waited + 2))
    sleep 2
  done
}`

/** Succeeds after it has fetched the lists because there are none or they are too old; fails when they will do. */
function listsTooOld(maxAge: number | undefined): string {
  const old = maxAge === undefined ? '' : ` || ${listsOlder(maxAge)}`
  return `set -- /var/lib/apt/lists/*_*
if [ ! -e "$1" ]${old}; then update; else false; fi`
}

/**
 * Debian starts daemons unless this file says no. It stops saying so with the process that wrote it, whatever happens
 * to that. After a loss of power another process may have its number, so it is known by its start as well; and who
 * comes next asks a file that is left before it takes it for somebody else's.
 */
export const noStart = (file = '/usr/sbin/policy-rc.d'): string => `policy=${quote(file)}
if grep -qs '^# rota: ' "$policy"; then "$policy" || :; fi
if [ ! -e "$policy" ]; then
  me=$(exec sh -c 'echo "$PPID"')
  began() { sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20; }
  cat >"$policy" <<END
#!/bin/sh
# rota: packages start no daemon while this process is at work
[ "\\$(sed 's/.*) //' /proc/$me/stat 2>/dev/null | cut -d ' ' -f 20)" = $(began "$me") ] && exit 101
rm -f "\\$0"
exit 0
END
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi`
