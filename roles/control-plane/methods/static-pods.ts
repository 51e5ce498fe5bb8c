import { join } from 'node:path'
import { assert, computed, directory, file, link, type PathFact, packages, service, type Task } from 'rota'
import { binDirOf } from '../../kube-binaries/paths.ts'
import { etcdClientUrls, isLeaving, mastersOf } from '../../lib/cluster/index.ts'
import { certificateFile } from '../../lib/pki/index.ts'
import { presentFiles, type SeenMaster, type Targets, targetsFor } from '../credentials/decide.ts'
import { fileTasks, masterDirectories, masterFiles } from '../credentials/files.ts'
import { credentialFacts, peerFacts, readNames, tableNames } from '../credentials/names.ts'
import { credentialsAreThere } from '../credentials/step.ts'
import { noTokenIsLost } from '../credentials/tokens.ts'
import { type DaemonName, daemonNames } from '../daemons/daemons.ts'
import { controllerIsHealthy, versionIs, waitReady } from '../gate/ready.ts'
import { servesEveryName } from '../names.ts'
import { snapshotBeforeVersion } from '../snapshot.ts'
import { defineMethod, type MethodContext, needsEtcd } from './method.ts'
import { notKubeadms } from './not-kubeadms.ts'
import { imagesAreThere, logFiles } from './static-pods/host.ts'
import { podManifests } from './static-pods/pods.ts'
import { prepareStaticPods, type StaticPodsPrepared } from './static-pods/prepare.ts'
import { manifestOf, noUnit, podRuns } from './static-pods/running.ts'

/**
 * Static pods of the kubelet, with credentials that all masters share. Everything they read is written first; then each
 * manifest in its turn, when the daemon before is ready.
 */
export const staticPods = defineMethod<StaticPodsPrepared>({
  check: needsEtcd,
  prepare: prepareStaticPods,
  peers: ({ params, inventory }) => ({
    hosts: mastersOf(inventory, params.leaving).map(master => master.name),
    facts: master => peerFacts(params, master),
  }),
  tasks: context => {
    const { params, host, inventory, prepared } = context
    if (isLeaving(host, params.leaving) || prepared === undefined) return []
    const targets = targetsOf(context, prepared)
    const files = masterFiles(params, host, prepared)
    return [
      notKubeadms(params.manifestDir),
      assert({
        that: 'the credentials of the masters fit',
        holds: computed({}, () => targets.problems.join('; ') || undefined),
      }),
      noTokenIsLost(params, prepared),
      packages({ names: params.packages }),
      service({ name: 'kubelet', enabled: true, running: true }),
      imagesAreThere(params),
      snapshotBeforeVersion(params),
      masterDirectories(params),
      directory({ path: params.credentialsDir, mode: '0700' }),
      certificateFile(`${params.credentialsDir}/ca.crt`, prepared.pair('ca').certificate),
      fileTasks(files, { notify: false }),
      link({ path: `${params.binDir}/kubectl`, target: `${binDirOf(params)}/kubectl`, force: true }),
      logFiles(),
      directory({ path: params.manifestDir, mode: '0755' }),
      credentialsAreThere(params.credentialsDir, targets.files, prepared.maker),
      daemonNames.map(name => [
        noUnit(name),
        manifest(context, prepared, name),
        podRuns(params.manifestDir, name, params.readyTimeout),
        name === 'kube-apiserver'
          ? [waitReady(params, host), versionIs(params, host)]
          : controllerIsHealthy(name, params.readyTimeout),
      ]),
      servesEveryName(params, host, inventory),
    ]
  },
  handlers: () => ({}),
})

/** What the directory of credentials must hold, by what the masters have now. */
function targetsOf({ params, inventory, peers }: MethodContext, { pair, maker }: StaticPodsPrepared): Targets {
  const masters = mastersOf(inventory, params.leaving).map((master): SeenMaster => {
    const seen = peers.get(master.name)
    if (seen === undefined) return { name: master.name, files: undefined, ready: undefined }
    const { ready, ...files } = seen as { readonly ready: SeenMaster['ready'] } & Record<string, PathFact>
    return { name: master.name, files, ready }
  })
  return targetsFor({
    masters,
    tables: tableNames(params),
    wishes: maker.wishes,
    authority: { ...pair('ca'), path: join(inventory.dir, 'pki/ca') },
    dir: params.credentialsDir,
    now: new Date(),
  })
}

/** The manifest of a daemon, with the sum of the credentials as they are on the host. */
function manifest(context: MethodContext, prepared: StaticPodsPrepared, name: DaemonName): Task {
  const { params, host, inventory } = context
  const cluster = { masters: mastersOf(inventory, params.leaving), etcd: etcdClientUrls(params, inventory) }
  const files = masterFiles(params, host, prepared)
  const facts = credentialFacts(params.credentialsDir)
  return file({
    path: manifestOf(params.manifestDir, name),
    content: computed(facts, seen => {
      const present = presentFiles(seen)
      const credentials = Object.fromEntries(readNames(params).map(item => [item, present[item]?.sha256]))
      return podManifests({ params, host, cluster, files, credentials })[name]
    }),
    mode: '0600',
  })
}
