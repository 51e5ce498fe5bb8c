import { blob, lines, raw, type Shell, sh } from '../shell/index.ts'
import { aptUpdate } from './packages-apt.ts'
import { isKeyText, keyFile, type RepositoryArgs, type RepositoryFiles } from './repository-args.ts'

export function aptFiles({ name, apt, enabled }: RepositoryArgs): RepositoryFiles {
  const keyPath = `/etc/apt/keyrings/${name}.asc`
  const fields = {
    ...(enabled === false ? { Enabled: 'no' } : {}),
    Types: apt?.types ?? 'deb',
    URIs: apt?.uris,
    Suites: apt?.suites,
    Components: apt?.components,
    Architectures: apt?.architectures,
    'Signed-By': apt && (isKeyText(apt.signedBy) ? keyPath : apt.signedBy),
  }
  const content = Object.entries(fields).flatMap(([field, value]) => {
    const words = [value ?? []].flat()
    return words.length === 0 ? [] : [`${field}: ${words.join(' ')}\n`]
  })
  return {
    path: `/etc/apt/sources.list.d/${name}.sources`,
    content: content.join(''),
    ...keyFile(keyPath, apt?.signedBy),
  }
}

/**
 * Fetches the lists of this repository alone, as it is going to be. An older apt takes it for a success when it could
 * not.
 */
export const aptRefresh = ({ name, lockTimeout }: RepositoryArgs, content: string): Shell =>
  lines([
    sh`alone=$ROTA_TMP/${`${name}.sources`}
cat ${blob(content)} >"$alone"`,
    aptUpdate(lockTimeout, raw(options)),
    sh`update
rm -f "$alone"
case $said in *'Failed to fetch'*) printf '%s\n' "$said" >&2; exit 1 ;; esac`,
  ])

const options =
  '-o Dir::Etc::sourcelist="$alone" -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any'
