import type { HostView, ParamsOf } from 'rota'
import { binDirOf } from '../kube-binaries/paths.ts'
import { apiServerFlags } from './apiserver-flags.ts'
import { controllerManagerFlags, schedulerFlags } from './controller-flags.ts'
import { flagWords } from './flags.ts'
import type { params } from './params.ts'
import { daemonUnit } from './units.ts'

export type Params = ParamsOf<typeof params>

/** The daemons of a master, in the order in which they start: name and unit. */
export function daemons(
  conf: Params,
  host: HostView,
  cluster: { readonly masters: readonly HostView[]; readonly etcd: readonly HostView[] },
): readonly { readonly name: string; readonly content: string }[] {
  const bin = binDirOf(conf)
  const words = (flags: Parameters<typeof flagWords>[1], extra: Readonly<Record<string, unknown>>) =>
    flagWords(conf.kubeVersion, flags, extra)
  return [
    {
      name: 'kube-apiserver',
      content: daemonUnit({
        description: 'API server of Kubernetes',
        program: `${bin}/kube-apiserver`,
        words: words(apiServerFlags(conf, host, cluster), conf.apiserverArguments),
        type: 'notify',
        after: ['kube-etcd.service'],
        stopTimeout: conf.shutdownDelay + conf.stopTimeout,
      }),
    },
    {
      name: 'kube-controller-manager',
      content: daemonUnit({
        description: 'Controller manager of Kubernetes',
        program: `${bin}/kube-controller-manager`,
        words: words(controllerManagerFlags(conf), conf.controllerManagerArguments),
        type: 'simple',
        after: ['kube-apiserver.service'],
        stopTimeout: 15,
      }),
    },
    {
      name: 'kube-scheduler',
      content: daemonUnit({
        description: 'Scheduler of Kubernetes',
        program: `${bin}/kube-scheduler`,
        words: words(schedulerFlags(conf), conf.schedulerArguments),
        type: 'simple',
        after: ['kube-apiserver.service'],
        stopTimeout: 15,
      }),
    },
  ]
}
