import {
  directory,
  facts,
  file,
  flushHandlers,
  type Nested,
  type PathFact,
  packages,
  type Step,
  service,
  step,
} from 'rota'
import { alreadyThere, ownProgramsFact } from '../../kube-binaries/own-programs.ts'
import { binDirOf } from '../../kube-binaries/paths.ts'
import { nodeNameOf } from '../../lib/cluster/cluster.ts'
import { etcdMembersOf, isEtcdOfHosts, isLeaving, mastersOf, withV } from '../../lib/cluster/index.ts'
import { etcdAuthorities, type PreparedCertificates, prepareCertificates, type Wish } from '../../lib/pki/index.ts'
import { lifetimeOf } from '../credentials/certificates.ts'
import type { Params } from '../daemons/daemons.ts'
import { controllersAreHealthy, versionIs, waitReady } from '../gate/ready.ts'
import { becomeMaster } from '../kubeadm/become-master.ts'
import { etcdClient, etcdClientIsThere, hasOtherClient } from '../kubeadm/etcd-client.ts'
import { knowsEtcdMembers } from '../kubeadm/etcd-members.ts'
import { kubeProxyHasVersion } from '../kubeadm/kube-proxy.ts'
import { localKubeconfigs } from '../kubeadm/kubeconfigs.ts'
import { kubeletHasUnit, kubeletIs, programIs, someKubelet } from '../kubeadm/kubelet.ts'
import { kubeletMayChange } from '../kubeadm/kubelet-refused.ts'
import { certificateNamesAll, configNamesAll } from '../kubeadm/names.ts'
import { hasFilesOfMasters, hasKubeVip, neighbourFacts } from '../kubeadm/neighbour/index.ts'
import { restartPod } from '../kubeadm/restart.ts'
import { rootsKubeconfig } from '../kubeadm/roots-kubeconfig.ts'
import { textOf } from '../kubeadm/seen.ts'
import { joinsItsMinor, versionMayFollow } from '../kubeadm/skew.ts'
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
    ...(isEtcdOfHosts(params.etcdDeployment) && etcdMembersOf(inventory, params.leaving).length === 0
      ? ['the group etcd is empty: set etcd_deployment_type to kubeadm for members on the masters themselves']
      : []),
    // etcd does not start with less.
    ...(params.etcdDeployment === 'kubeadm' && params.etcdElectionTimeout < 5 * params.etcdHeartbeatInterval
      ? [
          `etcd_election_timeout: ${params.etcdElectionTimeout} must be five times etcd_heartbeat_interval (${params.etcdHeartbeatInterval}) or more`,
        ]
      : []),
  ],
  prepare: prepareEtcdClient,
  peers: ({ params, inventory }) => ({
    hosts: mastersOf(inventory, params.leaving).map(master => master.name),
    facts: () => neighbourFacts(params),
  }),
  tasks: context => {
    const { params, host, inventory, peers } = context
    if (isLeaving(host, params.leaving)) return []
    return [
      noUnits(),
      versionMayFollow(params),
      joinsItsMinor(params, host, peers),
      kubeletMayChange(params),
      hasFilesOfMasters(params, host, peers, inventory),
      kubeadmIsThere(params),
      packages({ names: [...params.packages, ...params.kubeadmPackages] }),
      programIs(params, 'kubeadm'),
      someKubelet(params),
      filesOf(context),
      kubeletHasUnit(params),
      service({ name: 'kubelet', enabled: true }),
      becomeMaster(params),
      localKubeconfigs(params),
      flushHandlers(),
      upgradeMaster(params),
      kubeProxyHasVersion(params),
      rootsKubeconfig(params),
      programIs(params, 'kubectl'),
      programIs(params, 'kubelet', 'kubelet'),
      flushHandlers(),
      configNamesAll(params, inventory),
      certificateNamesAll(params, host, inventory),
      flushHandlers(),
      isEtcdOfHosts(params.etcdDeployment) && knowsEtcdMembers(params, inventory, ownClient(context)),
      service({ name: 'kubelet', enabled: true, running: true }),
      waitReady(params, host),
      versionIs(params, host),
      controllersAreHealthy(),
      kubeletIs(params, nodeNameOf(host, inventory)),
      servesEveryName(params, host, inventory),
      hasKubeVip(params, host, peers, nodeNameOf(host, inventory)),
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
  return prepareCertificates({ inventory, check }, [wish], etcdAuthorities, lifetimeOf(first.params), 'used')
}

/** Nothing where the masters have another client for their etcd, such as kubespray's. */
function ownClient({
  params,
  prepared,
  peers,
}: MethodContext<PreparedCertificates | undefined>): PreparedCertificates | undefined {
  const manifests = [...peers.values()].flatMap(seen => (seen ? textOf(seen.apiServer as PathFact) : []))
  return hasOtherClient(params, manifests) ? undefined : prepared
}

/** What kubeadm's pods read and kubeadm does not make. */
function filesOf(context: MethodContext<PreparedCertificates | undefined>): Nested {
  const { params } = context
  const client = ownClient(context)
  const { kubeConfigDir: dir, encryptionConfig } = params
  return [
    directory({ path: dir, mode: '0755' }),
    client === undefined ? [] : [etcdClientIsThere(params, client)],
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
    facts: { program: facts.path({ path: program }), own: ownProgramsFact(params, ['kubeadm']) },
    needed: ({ program: fact, own }) =>
      facts.followed(fact).type !== 'file' &&
      !alreadyThere(own, params.kubeVersion).has('kubeadm') &&
      `${program} does not exist yet`,
    run: async () => {
      throw new Error(`${program} does not exist: the role kube-binaries has to run before this one`)
    },
  })
}
