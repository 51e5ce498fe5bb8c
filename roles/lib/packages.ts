import type { PackageName } from 'rota'

/**
 * What packages are called where dnf (yum) installs them, by their names in Debian. Those not named here have one name.
 */
const dnfNames: Readonly<Record<string, string>> = {
  iproute2: 'iproute',
  'libnginx-mod-stream': 'nginx-mod-stream',
  'etcd-server': 'etcd',
  'etcd-client': 'etcd',
  'docker.io': 'docker',
  'libc6-dev': 'glibc-devel',
}

/** Packages by Debian's names, as a role's params have them, for hosts of both families. */
export const onEveryFamily = (names: readonly string[]): readonly PackageName[] =>
  names.map(name => {
    const dnf = dnfNames[name]
    return dnf === undefined ? name : { apt: name, dnf }
  })
