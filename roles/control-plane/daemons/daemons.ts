import type { HostView, ParamsOf } from 'rota'
import { binDirOf } from '../../kube-binaries/paths.ts'
import type { params } from '../params.ts'
import { apiServerFlags } from './apiserver-flags.ts'
import { controllerManagerFlags, schedulerFlags } from './controller-flags.ts'
import { type Flag, flagWords } from './flags.ts'
import { daemonUnit } from './units.ts'

export type Params = ParamsOf<typeof params>

/** In the order in which they start. */
export const daemonNames = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const
export type DaemonName = (typeof daemonNames)[number]

/** Whom the daemons of a master have to do with. */
export interface ClusterHosts {
  readonly masters: readonly HostView[]
  /** URLs of the etcd members. */
  readonly etcd: readonly string[]
}

/** The flags of every daemon as words. `own` are flags of a method: they take the place of those of the same name. */
export function daemonWords(
  conf: Params,
  host: HostView,
  cluster: ClusterHosts,
  own: (daemon: DaemonName) => readonly Flag[] = () => [],
): Readonly<Record<DaemonName, readonly string[]>> {
  const words = (daemon: DaemonName, flags: readonly Flag[], extra: Readonly<Record<string, unknown>>) =>
    flagWords(conf.kubeVersion, withOwnFlags(flags, own(daemon)), extra)
  return {
    'kube-apiserver': words('kube-apiserver', apiServerFlags(conf, host, cluster), conf.apiserverArguments),
    'kube-controller-manager': words(
      'kube-controller-manager',
      controllerManagerFlags(conf),
      conf.controllerManagerArguments,
    ),
    'kube-scheduler': words('kube-scheduler', schedulerFlags(conf), conf.schedulerArguments),
  }
}

/** Seconds that a daemon is given to stop. */
export const stopSeconds = (conf: Params, daemon: DaemonName): number =>
  daemon === 'kube-apiserver' ? conf.shutdownDelay + conf.stopTimeout : 15

/** The units of a master, in the order in which they start. */
export function daemonUnits(
  conf: Params,
  host: HostView,
  cluster: ClusterHosts,
): readonly { readonly name: DaemonName; readonly content: string }[] {
  const words = daemonWords(conf, host, cluster)
  return daemonNames.map(name => ({
    name,
    content: daemonUnit({
      description: descriptions[name],
      program: `${binDirOf(conf)}/${name}`,
      words: words[name],
      type: name === 'kube-apiserver' ? 'notify' : 'simple',
      after: [name === 'kube-apiserver' ? 'kube-etcd.service' : 'kube-apiserver.service'],
      stopTimeout: stopSeconds(conf, name),
    }),
  }))
}

const descriptions = {
  'kube-apiserver': 'API server of Kubernetes',
  'kube-controller-manager': 'Controller manager of Kubernetes',
  'kube-scheduler': 'Scheduler of Kubernetes',
} as const

const withOwnFlags = (flags: readonly Flag[], own: readonly Flag[]): readonly Flag[] => {
  const byName = new Map(own.map(flag => [flag[0], flag]))
  const known = new Set(flags.map(([name]) => name))
  return [...flags.map(flag => byName.get(flag[0]) ?? flag), ...own.filter(([name]) => !known.has(name))]
}
