import { dnfExcludes } from '../facts/index.ts'
import { lines, raw, type Shell, sh } from '../shell/index.ts'
import type { Package, PackagesArgs } from './packages-args.ts'
import { keptFiles } from './upgrade-words.ts'

export function dnfInstall(items: readonly Package[], args: PackagesArgs): Shell {
  const words = items.map(({ name, version }) => (version === undefined ? name : `${name}-${version}`))
  const options = args.recommends ? [] : ['--setopt=install_weak_deps=False']
  return lines([
    dnf,
    // A version may be older than the one that is there: `install` then changes nothing and fails to say so.
    sh`dnf_install ${args.state === 'latest' ? 'upgrade' : 'downgrade'} ${options} -- ${words}`,
  ])
}

export const dnfRemove = (names: readonly string[]): Shell => lines([dnf, sh`"$dnf" -q -y remove ${names}`])

/** dnf would wait for the lock without end; 200 is its word for one that is held. */
export const dnfUpgrade = ({
  except,
  listsMaxAge,
  lockTimeout,
}: {
  readonly except: readonly string[]
  readonly listsMaxAge: number
  readonly lockTimeout: number
}): Shell =>
  lines([
    dnf,
    sh`: >"$ROTA_TMP/begun"
waited=0
while :; do
  code=0
  "$dnf" -q -y --setopt=exit_on_lock=True --setopt=metadata_expire=${listsMaxAge} ${dnfExcludes(except)} upgrade || code=$?
  [ "$code" = 200 ] && [ "$waited" -lt ${lockTimeout} ] || break
  waited=$((waited + 5))
  sleep 5
done
[ "$code" = 0 ] || exit "$code"`,
    keptFiles("-name '*.rpmnew'"),
  ])

const dnf = raw(`dnf=$(command -v dnf || command -v yum)
dnf_install() {
  second=$1; shift
  options=
  while [ "$1" != -- ]; do options="$options $1"; shift; done
  shift
  case $dnf in */yum) options= ;; esac
  # shellcheck disable=SC2086
  "$dnf" -q -y $options install "$@"
  rpm -q -- "$@" >/dev/null 2>&1 || [ "$second" = upgrade ] || "$dnf" -q -y $options downgrade "$@"
  [ "$second" != upgrade ] || "$dnf" -q -y $options upgrade "$@"
}`)
