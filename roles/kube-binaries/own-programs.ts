import { command, facts, quote, type Task } from 'rota'
import { durableCopy } from '../lib/durable-copy.ts'
import { withV } from '../lib/version.ts'

interface At {
  readonly binDir: string
  readonly kubeVersion: string
}

/**
 * Shell text that prints the version that a program of Kubernetes says it is, `v1.20.2`; nothing where it says none.
 */
const versionOf = (name: string, path: string): string => {
  const program = quote(path)
  if (name === 'kubectl') return `${program} version --client -o yaml 2>/dev/null | sed -n 's/^ *gitVersion: *//p'`
  if (name === 'kubeadm') return `${program} version -o short 2>/dev/null`
  return `${program} --version 2>/dev/null | sed 's/.* //'`
}

/**
 * The programs that are regular files in `bin_dir`, as kubespray puts them there, with the version that each says it
 * is. Of those that are links or absent none is started.
 */
export const ownProgramsFact = ({ binDir }: Pick<At, 'binDir'>, names: readonly string[]) =>
  facts.command({
    run: names
      .map(name => {
        const path = `${binDir}/${name}`
        const isOwn = `[ -f ${quote(path)} ] && [ ! -L ${quote(path)} ]`
        return `if ${isOwn}; then printf '%s %s\\n' ${quote(name)} "$(${versionOf(name, path)})"; fi`
      })
      .join('\n'),
  })

/** Those of them that are the wanted version already: they stay as they are. */
export const alreadyThere = (own: { readonly stdout: string } | undefined, kubeVersion: string): ReadonlySet<string> =>
  new Set(
    (own?.stdout ?? '').split('\n').flatMap(line => {
      const [name = '', version] = line.split(' ')
      return version === withV(kubeVersion) ? [name] : []
    }),
  )

/**
 * A program in `bin_dir` is that of the version: a link to it, or where kubespray has put a file, a file, which neither
 * of both then has to turn into something else. A file that is the version already stays. `onlyIf`: shell
 * text; `why`: for the operator.
 */
export const program = (
  params: At,
  name: string,
  target: string,
  {
    notify,
    onlyIf,
    why,
  }: { readonly notify?: string | undefined; readonly onlyIf?: string; readonly why?: string } = {},
): Task => {
  const path = `${params.binDir}/${name}`
  return command({
    title: `program ${path}`,
    why: why ?? `it is not ${withV(params.kubeVersion)}`,
    unless: `if [ -L ${quote(path)} ]; then [ "$(readlink ${quote(path)})" = ${quote(target)} ]
elif [ -f ${quote(path)} ]; then [ "$(${versionOf(name, path)})" = ${quote(withV(params.kubeVersion))} ]
else false
fi`,
    run: `set -e
if [ -f ${quote(path)} ] && [ ! -L ${quote(path)} ]; then
  ${durableCopy} if=${quote(target)} of=${quote(`${path}.rota-new`)}
  chmod 0755 ${quote(`${path}.rota-new`)}
else ln -sfn ${quote(target)} ${quote(`${path}.rota-new`)}
fi
mv -fT ${quote(`${path}.rota-new`)} ${quote(path)}`,
    ...(notify === undefined ? {} : { notify }),
    ...(onlyIf === undefined ? {} : { onlyIf }),
  })
}
