import { directory, facts, file, flushHandlers, type Nested, packages, type Step, service, step } from 'rota'
import { binDirOf } from '../../kube-binaries/paths.ts'
import { nodeNameOf } from '../../lib/cluster/cluster.ts'
import { etcdMembersOf, isLeaving, mastersOf, withV } from '../../lib/cluster/index.ts'
import { etcdAuthorities, type PreparedCertificates, prepareCertificates, type Wish } from '../../lib/pki/index.ts'
import { lifetimeOf } from '../credentials/certificates.ts'
import type { Params } from '../daemons/daemons.ts'
import { controllersAreHealthy, versionIs, waitReady } from '../gate/ready.ts'
import { becomeMaster } from '../kubeadm/become-master.ts'
import { etcdClient, etcdClientIsThere } from '../kubeadm/etcd-client.ts'
import { knowsEtcdMembers } from '../kubeadm/etcd-members.ts'
import { kubeProxyLeadsBack } from '../kubeadm/kube-proxy.ts'
import { localKubeconfigs } from '../kubeadm/kubeconfigs.ts'
import { kubeletHasUnit, kubeletIs, programLink, someKubelet } from '../kubeadm/kubelet.ts'
import { certificateNamesAll, configNamesAll } from '../kubeadm/names.ts'
import { restartPod } from '../kubeadm/restart.ts'
import { joinsItsMinor, versionFacts, versionMayFollow } from '../kubeadm/skew.ts'
import { upgradeMaster } from '../kubeadm/upgrade.ts'
import { servesEveryName } from '../names.ts'
import type { Preparing } from '../preparing.ts'
import { defineMethod, type MethodContext } from './method.ts'
import { noUnits } from './no-units.ts'

/** What kubeadm makes of a master, as kubespray has it do. */
export const kubeadm = defineMethod<PreparedCertificates | undefined>({
  check: ({ params, inventory }) => [
    ...(params.kubeConfigDir === '/etc/kubernetes'
      ? []
      : [`kube_config_dir: kubeadm knows no other directory than /etc/kubernetes, not ${params.kubeConfigDir}`]),
    ...(params.tokenAuth ? ['kube_token_auth: masters made by kubeadm have no table of tokens'] : []),
    ...(params.etcdDeployment === 'host' && etcdMembersOf(inventory, params.leaving).length === 0
      ? ['the group etcd is empty: set etcd_deployment_type to kubeadm for members on the masters themselves']
      : []),
  ],
  prepare: prepareEtcdClient,
  peers: ({ params, inventory }) => ({
    hosts: mastersOf(inventory, params.leaving).map(master => master.name),
    facts: () => versionFacts(params),
  }),
  tasks: context => {
    const { params, host, inventory, peers, prepared } = context
    if (isLeaving(host, params.leaving)) return []
    return [
      noUnits(),
      versionMayFollow(params),
      joinsItsMinor(params, host, peers),
      kubeadmIsThere(params),
      packages({ names: [...params.packages, ...params.kubeadmPackages] }),
      programLink(params, 'kubeadm'),
      someKubelet(params),
      filesOf(context),
      kubeletHasUnit(params),
      service({ name: 'kubelet', enabled: true }),
      becomeMaster(params),
      localKubeconfigs(params),
      flushHandlers(),
      upgradeMaster(params),
      kubeProxyLeadsBack(params),
      programLink(params, 'kubectl'),
      programLink(params, 'kubelet', 'kubelet'),
      flushHandlers(),
      configNamesAll(params, inventory),
      certificateNamesAll(params, host, inventory),
      flushHandlers(),
      prepared === undefined ? [] : knowsEtcdMembers(params, inventory, prepared),
      service({ name: 'kubelet', enabled: true, running: true }),
      waitReady(params, host),
      versionIs(params, host),
      controllersAreHealthy(),
      kubeletIs(params, nodeNameOf(host, inventory)),
      servesEveryName(params, host, inventory),
    ]
  },
  handlers: ({ params, host }) => ({
    'kube-apiserver': [restartPod(params, 'kube-apiserver'), waitReady(params, host)],
    'kube-controller-manager': restartPod(params, 'kube-controller-manager'),
    'kube-scheduler': restartPod(params, 'kube-scheduler'),
    kubelet: service.restart('kubelet'),
  }),
})

/** An etcd that kubeadm does not run has one client for all masters. */
async function prepareEtcdClient({ hosts, inventory, check }: Preparing): Promise<PreparedCertificates | undefined> {
  const [first] = hosts
  if (first?.params.etcdDeployment !== 'host') return undefined
  const wish: Wish = {
    name: etcdClient,
    ca: 'etcd/ca',
    subject: { commonName: 'kube-apiserver-etcd-client' },
    names: [],
    addresses: [],
    usages: ['client'],
  }
  return prepareCertificates({ inventory, check }, [wish], etcdAuthorities, lifetimeOf(first.params))
}

/** What kubeadm's pods read and kubeadm does not make. */
function filesOf({ params, prepared }: MethodContext<PreparedCertificates | undefined>): Nested {
  const { kubeConfigDir: dir, encryptionConfig } = params
  return [
    directory({ path: dir, mode: '0755' }),
    prepared === undefined ? [] : [etcdClientIsThere(params, prepared)],
    encryptionConfig === undefined
      ? []
      : [
          file({
            path: `${dir}/encryption.yaml`,
            content: encryptionConfig,
            mode: '0600',
            secret: true,
            notify: 'kube-apiserver',
          }),
        ],
  ]
}

/**
 * A step, not an assertion: a check run on a fresh host comes here too, and there the other role only would have run.
 */
const kubeadmIsThere = (params: Params): Step => {
  const program = `${binDirOf(params)}/kubeadm`
  return step({
    title: `kubeadm ${withV(params.kubeVersion)} is there`,
    facts: { program: facts.path({ path: program }) },
    needed: ({ program: fact }) => facts.followed(fact).type !== 'file' && `${program} does not exist yet`,
    run: async () => {
      throw new Error(`${program} does not exist: the role kube-binaries has to run before this one`)
    },
  })
}
