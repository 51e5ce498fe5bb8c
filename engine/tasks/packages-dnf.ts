import { lines, raw, type Shell, sh } from '../shell/index.ts'
import type { Package, PackagesArgs } from './packages-args.ts'

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
