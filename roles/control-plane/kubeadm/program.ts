import { raw, type Shell, sh } from 'rota'
import type { Params } from '../daemons/daemons.ts'

type At = Pick<Params, 'binDir'>

/**
 * A call of kubeadm as shell text. It starts other programs itself, the kubelet among them: those of the same
 * directory.
 */
export const kubeadm = ({ binDir }: At, ...words: readonly string[]): Shell =>
  sh`PATH=${binDir}:"$PATH" ${[`${binDir}/kubeadm`, ...words]}`

/**
 * The same with what comes on stdin as the `--config` of every call, one after the other: in a file that only its owner
 * reads, and that is gone afterwards. So a token or a key is never in a list of arguments.
 */
export const kubeadmWithConfig = (at: At, ...calls: readonly (Shell | readonly string[])[]): Shell => sh`f=$(mktemp)
trap 'rm -f "$f"' EXIT
trap 'exit 1' HUP INT TERM
cat >"$f"
exec 2>&1
${all(calls.map(call => ('text' in call ? call : sh`${kubeadm(at, ...call)} --config ${raw('"$f"')}`)))}`

const all = (list: readonly Shell[]): Shell => raw(list.map(({ text }) => text).join(' &&\n'))

/**
 * The words of `kubeadm reset`. Without a manifest of etcd, a newer kubeadm takes the default directory for its own and
 * empties it, whoever's etcd has its data there (kubernetes/kubeadm#3225): so it is told of a member only where it has
 * made one.
 */
export const resetWords = (
  { etcdDeployment }: Pick<Params, 'etcdDeployment'>,
  criSocket: string | undefined,
  ...more: readonly string[]
): readonly string[] => [
  ...['reset', '-f'],
  ...more,
  ...(etcdDeployment === 'kubeadm' ? [] : ['--skip-phases=remove-etcd-member']),
  ...(criSocket === undefined || criSocket === '' ? [] : ['--cri-socket', criSocket]),
]

/** `--name=a,b`, or nothing where the list is empty. */
export const listFlag = (name: string, values: readonly string[]): readonly string[] =>
  values.length > 0 ? [`--${name}=${values.join(',')}`] : []

/** Which of its checks kubeadm shall not heed. With `all` it refuses any other name. */
export const ignoreFlag = (checks: readonly string[]): readonly string[] =>
  listFlag('ignore-preflight-errors', checks.some(check => check.toLowerCase() === 'all') ? ['all'] : checks)

/** The end of what kubeadm said, without the secrets that it was given. */
export function lastLines(text: string, secrets: readonly string[] = [], count = 12): string {
  const hidden = secrets.reduce((all, secret) => (secret === '' ? all : all.replaceAll(secret, '…')), text)
  return hidden.trim().split('\n').slice(-count).join('\n')
}
