import { blob, type Shell, sh } from '../shell/index.ts'
import { isKeyText, keyFile, type RepositoryArgs, type RepositoryFiles } from './repository-args.ts'

export function dnfFiles({ name, dnf, enabled }: RepositoryArgs): RepositoryFiles {
  const keyPath = `/etc/pki/rpm-gpg/RPM-GPG-KEY-${name}`
  const key = dnf?.gpgkey
  const settings = {
    name: dnf?.description ?? name,
    baseurl: [dnf?.baseurl ?? []].flat().join('\n        ') || undefined,
    mirrorlist: dnf?.mirrorlist,
    metalink: dnf?.metalink,
    enabled: enabled === false ? 0 : 1,
    gpgcheck: dnf?.gpgcheck === false ? 0 : 1,
    repo_gpgcheck: dnf?.repoGpgcheck ? 1 : 0,
    gpgkey:
      key === undefined
        ? undefined
        : isKeyText(key)
          ? `file://${keyPath}`
          : key.startsWith('/')
            ? `file://${key}`
            : key,
  }
  const content = Object.entries(settings).flatMap(([field, value]) =>
    value === undefined ? [] : [`${field}=${value}\n`],
  )
  return { path: `/etc/yum.repos.d/${name}.repo`, content: `[${name}]\n${content.join('')}`, ...keyFile(keyPath, key) }
}

/** Fetches the metadata of this repository alone, as it is going to be. One that can't be had is an error, for once. */
export const dnfRefresh = ({ name }: RepositoryArgs, content: string): Shell =>
  sh`alone=$ROTA_TMP/repository
mkdir -p "$alone"
cat ${blob(content)} >"$alone"/${`${name}.repo`}
dnf=$(command -v dnf || command -v yum)
"$dnf" -q -y --setopt=reposdir="$alone" ${`--setopt=${name}.skip_if_unavailable=0`} makecache
rm -rf "$alone"`
