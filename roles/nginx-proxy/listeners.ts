import type { Listener } from '../lib/cluster/index.ts'
import type { Settings } from './settings.ts'

/** A proxy of a node as it is found on a host: what listens, and what it leaves behind. */
export interface NodeProxy extends Listener {
  /** Configurations that it may share with others: only what is a proxy's is removed. */
  readonly configs: readonly string[]
  /** All its own. */
  readonly folder?: string
}

type Places = Pick<Settings, 'manifestDir' | 'configDir' | 'prefix'> & {
  readonly unit?: string | undefined
  readonly podName?: string | undefined
}

/**
 * Every proxy that a node may have been given, by the names of their documents and of the roles' defaults, and by the
 * names that the operator has for the unit and the pod.
 */
export const nodeProxies = (places: Places): readonly NodeProxy[] => {
  const { unit, podName } = places
  const usual = usualProxies(places)
  const known = usual.flatMap(proxy => [proxy.unit, proxy.pod?.pod])
  const isNew = (name: string | undefined): name is string => name !== undefined && name !== '' && !known.includes(name)
  return [
    ...usual,
    ...(isNew(unit) ? [{ name: `the unit ${unit}`, unit, container: unit, configs: [] }] : []),
    ...(isNew(podName) ? [{ name: `the static pod ${podName}`, pod: nginxPod(podName, places), configs: [] }] : []),
  ]
}

const nginxPod = (pod: string, { manifestDir }: Pick<Places, 'manifestDir'>) => ({
  pod,
  container: 'nginx-proxy',
  manifest: `${manifestDir}/nginx-proxy.yml`,
})

const usualProxies = ({ manifestDir, configDir, prefix }: Places): readonly NodeProxy[] => [
  { name: 'nginx of the distribution', unit: 'nginx-proxy', configs: ['/etc/nginx/kube-nginx.conf'] },
  {
    name: 'nginx in Docker',
    unit: 'nginx-lb',
    container: 'nginx-lb',
    configs: [`${configDir}/nginx.conf`],
  },
  {
    name: 'the static pod nginx-proxy',
    pod: nginxPod('nginx-proxy', { manifestDir }),
    configs: [`${configDir}/nginx.conf`],
  },
  {
    name: 'nginx built from source',
    unit: 'kube-nginx',
    configs: [`${prefix}/conf/kube-nginx.conf`],
    folder: prefix,
  },
  {
    name: 'the static pod haproxy',
    pod: { pod: 'haproxy', container: 'haproxy', manifest: `${manifestDir}/haproxy.yml` },
    configs: ['/etc/haproxy/haproxy.cfg'],
  },
]

/** The proxy that these settings make. */
export function chosenProxy(
  settings: Pick<Settings, 'variant' | 'unit' | 'config' | 'prefix' | 'podName' | 'manifestDir'>,
): NodeProxy {
  const { variant, unit, config, prefix, podName, manifestDir } = settings
  const name = `nginx (${variant})`
  if (variant === 'static-pod')
    return {
      name,
      pod: nginxPod(podName, { manifestDir }),
      configs: [config],
    }
  return {
    name,
    unit,
    configs: [config],
    ...(variant === 'docker' ? { container: unit } : {}),
    ...(variant === 'source' ? { folder: prefix } : {}),
  }
}

/** What a host may have of the others: everything but what the chosen one has of the same name. */
export const otherProxies = (places: Places, chosen: NodeProxy | undefined): readonly NodeProxy[] =>
  nodeProxies(places).map(({ name, unit, container, pod, configs, folder }) => ({
    name,
    configs: configs.filter(config => !chosen?.configs.includes(config)),
    ...(unit === undefined || unit === chosen?.unit ? {} : { unit }),
    ...(container === undefined || container === chosen?.container ? {} : { container }),
    ...(pod === undefined || pod.manifest === chosen?.pod?.manifest ? {} : { pod }),
    ...(folder === undefined || folder === chosen?.folder ? {} : { folder }),
  }))
