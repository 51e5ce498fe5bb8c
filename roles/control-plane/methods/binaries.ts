import { facts, flushHandlers, link, packages, type Step, service, step, systemdUnit } from 'rota'
import { binDirOf } from '../../kube-binaries/paths.ts'
import { etcdClientUrls, isLeaving, mastersOf, withV } from '../../lib/cluster/index.ts'
import { type MasterPrepared, prepareMasters } from '../credentials/certificates.ts'
import { fileTasks, masterDirectories, masterFiles } from '../credentials/files.ts'
import { noTokenIsLost } from '../credentials/tokens.ts'
import { daemonUnits } from '../daemons/daemons.ts'
import { controllersAreHealthy, versionIs, waitReady } from '../gate/ready.ts'
import { servesEveryName } from '../names.ts'
import { snapshotBeforeVersion } from '../snapshot.ts'
import { defineMethod, needsEtcd } from './method.ts'
import { notKubeadms } from './not-kubeadms.ts'
import { noPods } from './static-pods/running.ts'

/** Units of systemd for the programs of the role kube-binaries; certificates are made on the control machine. */
export const binaries = defineMethod<MasterPrepared>({
  check: needsEtcd,
  prepare: context => prepareMasters(context),
  tasks: ({ params, host, inventory, prepared }) => {
    if (isLeaving(host, params.leaving) || prepared === undefined) return []
    const cluster = { masters: mastersOf(inventory, params.leaving), etcd: etcdClientUrls(params, inventory) }
    const units = daemonUnits(params, host, cluster)
    return [
      notKubeadms(params.manifestDir),
      noTokenIsLost(params, prepared),
      binariesAreThere(params),
      snapshotBeforeVersion(params),
      packages({ names: params.packages }),
      masterDirectories(params),
      fileTasks(masterFiles(params, host, prepared), { notify: true }),
      link({ path: `${params.binDir}/kubectl`, target: `${binDirOf(params)}/kubectl`, force: true }),
      units.map(({ name, content }) => systemdUnit({ name: `${name}.service`, content, notify: name })),
      noPods(params.manifestDir),
      flushHandlers(),
      units.map(({ name }) => service({ name, enabled: true, running: true })),
      waitReady(params, host),
      versionIs(params, host),
      controllersAreHealthy(),
      servesEveryName(params, host, inventory),
    ]
  },
  handlers: ({ params, host }) => ({
    'kube-apiserver': [service.restart('kube-apiserver'), waitReady(params, host)],
    'kube-controller-manager': service.restart('kube-controller-manager'),
    'kube-scheduler': service.restart('kube-scheduler'),
  }),
})

/**
 * A step, not an assertion: a check run on a fresh host comes here too, and there the other role only would have run.
 */
const binariesAreThere = (params: { readonly installDir: string; readonly kubeVersion: string }): Step => {
  const program = `${binDirOf(params)}/kube-apiserver`
  return step({
    title: `the programs of ${withV(params.kubeVersion)} are there`,
    facts: { program: facts.path({ path: program }) },
    needed: ({ program: fact }) => facts.followed(fact).type !== 'file' && `${program} does not exist yet`,
    run: async () => {
      throw new Error(`${program} does not exist: the role kube-binaries has to run before this one`)
    },
  })
}
