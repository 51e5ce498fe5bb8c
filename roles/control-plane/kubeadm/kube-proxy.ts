import { facts, type RemoteShell, type Step, step } from 'rota'
import { tagOfVersion } from '../../lib/cluster/index.ts'
import { kubectlWords } from '../../lib/cluster/kubectl.ts'
import type { Params } from '../daemons/daemons.ts'
import { changeConfigMap } from './config-map.ts'
import { serverIn } from './server-in.ts'
import { isOlder } from './skew.ts'
import { whileAlone } from './turn.ts'

type At = Pick<Params, 'binDir' | 'kubeConfigDir'>
type Kubectl = Parameters<typeof changeConfigMap>[0]

// All nodes share it, and nothing of it is on any of them.
const map = ['kube-system', 'kube-proxy'] as const
const key = 'kubeconfig.conf'

/** The kubeconfig of kube-proxy; nothing where the cluster has none. */
const read = (params: At): readonly string[] => [
  ...kubectlWords(params),
  ...['-n', map[0], 'get', 'configmap', map[1], '--ignore-not-found', '-o', 'jsonpath={.data.kubeconfig\\.conf}'],
]

export const kubeProxyConfig = (params: At) => facts.command({ run: read(params), timeout: 15 })

export const kubeProxyServer = async ($: RemoteShell, params: At): Promise<string | undefined> =>
  serverIn((await $`${read(params)}`).stdout)

/**
 * Changes the server, and has the pods started anew, a few at a time as their DaemonSet has it, where it was another.
 */
export async function leadKubeProxy(kubectl: Kubectl, to: (server: string) => string): Promise<boolean> {
  const { $, words } = kubectl
  const [namespace, name] = map
  let moved = false
  await changeConfigMap(kubectl, map, data => {
    const kubeconfig = data[key] ?? ''
    const server = serverIn(kubeconfig)
    moved = server !== undefined && to(server) !== server
    if (server === undefined || !moved) return data
    return { ...data, [key]: kubeconfig.replace(/^( *server: *).*$/m, (_, start: string) => `${start}${to(server)}`) }
  })
  if (moved) await $`${words} -n ${namespace} rollout restart daemonset ${name}`
  return moved
}

const imageOf = '{.spec.template.spec.containers[?(@.name=="kube-proxy")].image}'

/**
 * kube-proxy has the version of the masters when all of them have it. kubeadm sees to it in its last call, and one that
 * was cut short there, or two that went at once, leave the old one for ever. Where the image comes from stays.
 */
export const kubeProxyHasVersion = (params: Params): Step => {
  const get = [...kubectlWords(params), '-n', map[0], 'get']
  const wanted = tagOfVersion(params.kubeVersion)
  return step({
    title: `kube-proxy is ${wanted}`,
    facts: {
      proxy: facts.command({
        run: [...get, 'daemonset', map[1], '--ignore-not-found', '-o', `jsonpath=${imageOf}`],
        timeout: 15,
      }),
      servers: facts.command({
        run: [...get, 'pods', '-l', 'component=kube-apiserver', '-o', 'jsonpath={.items[*].spec.containers[0].image}'],
        timeout: 15,
      }),
    },
    needed: ({ proxy, servers }) =>
      proxy.exitCode === 0 && servers.exitCode === 0 && olderProxy(params, proxy.stdout, servers.stdout) !== undefined
        ? `it is ${tagOf(proxy.stdout)}`
        : false,
    run: context =>
      whileAlone(context, params, 120, async () => {
        const { $ } = context
        const proxy = await $`${get} daemonset ${map[1]} -o ${`jsonpath=${imageOf}`}`.text()
        const image = proxy.replace(/:[^:/@]+$/, `:${wanted}`)
        if (proxy === image) return { changed: false, summary: 'another master has seen to it' }
        await $`${kubectlWords(params)} -n ${map[0]} set image ${`daemonset/${map[1]}`} ${`kube-proxy=${image}`}`
        return { summary: image }
      }),
  })
}

const tagOf = (image: string): string | undefined => /:(v\d+\.\d+\.\d+[^:/@\s]*)$/.exec(image.trim())?.[1]

/** The version of kube-proxy where every API server is newer than it. */
export function olderProxy(
  { kubeVersion, initPhasesSkip }: Pick<Params, 'kubeVersion' | 'initPhasesSkip'>,
  proxy: string,
  servers: string,
): string | undefined {
  const wanted = tagOfVersion(kubeVersion)
  const tag = tagOf(proxy)
  const all = servers.split(/\s+/).filter(Boolean).map(tagOf)
  if (tag === undefined || all.length === 0 || initPhasesSkip.some(phase => /^addon(\/kube-proxy)?$/.test(phase)))
    return undefined
  return all.every(version => version === wanted) && isOlder(tag, wanted) ? tag : undefined
}
