import { type FactMap, facts, quote, raw, type Shell, type Step, step } from 'rota'
import { daemonNames, type Params } from '../daemons/daemons.ts'
import { containerRuns, manifestOf } from '../methods/static-pods/running.ts'
import { kubeVipsOf } from './neighbour/index.ts'

type At = Pick<Params, 'kubeConfigDir' | 'manifestDir' | 'etcdDeployment' | 'etcdDataDir'>

/** What kubeadm and kubespray have a kubelet run on a master, and on no node. */
const manifestsOf = ({ manifestDir, etcdDeployment }: At): readonly string[] => [
  ...daemonNames.map(name => manifestOf(manifestDir, name)),
  ...(etcdDeployment === 'kubeadm' ? [`${manifestDir}/etcd.yaml`] : []),
  ...kubeVipsOf({ manifestDir }),
]

const kubeconfigs = ['admin', 'super-admin', 'controller-manager', 'scheduler']

/** In the directory of certificates; the authority's own certificate is the kubelet's too. */
const certificates = [
  'ca.key',
  'sa.key',
  'sa.pub',
  ...['apiserver', 'apiserver-kubelet-client', 'apiserver-etcd-client', 'front-proxy-ca', 'front-proxy-client'].flatMap(
    name => [`${name}.crt`, `${name}.key`],
  ),
  'etcd',
]

/** What goes once its pods have ended. */
const filesOf = ({ kubeConfigDir, etcdDeployment, etcdDataDir }: At): readonly string[] => [
  ...kubeconfigs.map(name => `${kubeConfigDir}/${name}.conf`),
  ...certificates.map(name => `${kubeConfigDir}/pki/${name}`),
  ...(etcdDeployment === 'kubeadm' ? [`${etcdDataDir}/member`] : []),
]

/**
 * Shell text that takes everything of kubeadm's control plane from a host and leaves its kubelet as it is: no pod of
 * anybody else's ends, and nothing of the node is made anew.
 */
export const stripMaster = (params: At): Shell => {
  const names = [...daemonNames, ...(params.etcdDeployment === 'kubeadm' ? (['etcd'] as const) : [])]
  return raw(`rm -f ${manifestsOf(params).map(quote).join(' ')}
for try in $(seq 91); do
  if ! { ${names.map(containerRuns).join(' ||\n    ')}; }; then break; fi
  [ "$try" -lt 91 ] || { echo 'the kubelet has not stopped the control plane within 90 s' >&2; exit 1; }
  sleep 1
done
rm -rf ${filesOf(params).map(quote).join(' ')}`)
}

/** The same as a step of a master that leaves and stays a node. Whatever a run that was cut has left of it goes too. */
export const noControlPlane = (params: At): Step => {
  const paths = [...manifestsOf(params), ...filesOf(params)]
  const asked: FactMap = Object.fromEntries(paths.map(path => [path, facts.path({ path })]))
  return step({
    title: 'no control plane, its kubelet stays',
    facts: asked,
    needed: seen => {
      const left = paths.filter(path => (seen[path] as { readonly type: string }).type !== 'absent')
      return left.length > 0 && `${left.join(', ')} ${left.length === 1 ? 'is' : 'are'} there`
    },
    run: async ({ $ }) => {
      await $`${stripMaster(params)}`.timeout(180)
      return {}
    },
  })
}
