import {
  defineRole,
  flushHandlers,
  followed,
  link,
  packages,
  path,
  type Step,
  service,
  step,
  systemdUnit,
  type Task,
  waitFor,
} from 'rota'
import { etcdMembersOf, isLeaving, mastersOf, unknownLeaving, withV } from '../cluster/index.ts'
import { binDirOf } from '../kube-binaries/paths.ts'
import { masterFiles, prepareMasters } from './certificates.ts'
import { controllerPorts } from './controller-flags.ts'
import { daemons } from './daemons.ts'
import { servesEveryName } from './names.ts'
import { params } from './params.ts'
import { versionIs, waitReady } from './ready.ts'

/**
 * A master: API server, controller manager and scheduler as units of systemd. What changes is written first, then the daemons restart
 * once, in order, each when the one before is ready.
 */
export const controlPlane = defineRole({
  name: 'control-plane',
  description: 'API server, controller manager and scheduler of a master',
  params,
  check: ({ params, inventory }) => [
    ...unknownLeaving(inventory, params.leaving),
    ...(etcdMembersOf(inventory, params.leaving).length === 0
      ? ['the group etcd is empty: the API servers have nowhere to keep anything']
      : []),
  ],
  prepare: ({ hosts, inventory, check }) => prepareMasters({ hosts, inventory, check }),
  tasks: ({ params, host, inventory, prepared }) => {
    if (isLeaving(host, params.leaving)) return []
    const cluster = { masters: mastersOf(inventory, params.leaving), etcd: etcdMembersOf(inventory, params.leaving) }
    const units = daemons(params, host, cluster)
    return [
      binariesAreThere(params),
      packages({ names: params.packages }),
      masterFiles(params, host, prepared),
      link({ path: `${params.binDir}/kubectl`, target: `${binDirOf(params)}/kubectl`, force: true }),
      units.map(({ name, content }) => systemdUnit({ name: `${name}.service`, content, notify: name })),
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

/** A step, not an assertion: a check run on a fresh host comes here too, and there the other role only would have run. */
const binariesAreThere = (params: { readonly installDir: string; readonly kubeVersion: string }): Step => {
  const program = `${binDirOf(params)}/kube-apiserver`
  return step({
    title: `the programs of ${withV(params.kubeVersion)} are there`,
    facts: { program: path({ path: program }) },
    needed: ({ program: fact }) => followed(fact).type !== 'file' && `${program} does not exist yet`,
    run: async () => {
      throw new Error(`${program} does not exist: the role kube-binaries has to run before this one`)
    },
  })
}

const controllersAreHealthy = (): readonly Task[] =>
  Object.values(controllerPorts).map(port =>
    waitFor({ http: { url: `https://127.0.0.1:${port}/healthz`, insecure: true }, timeout: 60 }),
  )
