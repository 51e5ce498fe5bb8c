import { facts, type PathFact, type Shell, sh } from 'rota'
import { kubectlWords } from '../../lib/cluster/kubectl.ts'
import { type DaemonName, daemonNames, type Params } from '../daemons/daemons.ts'
import { manifestOf } from '../methods/static-pods/running.ts'

/** What a host shows of kubeadm's work. */
export const manifests = (params: Pick<Params, 'manifestDir'>) => {
  const manifest = (name: DaemonName) => facts.path({ path: manifestOf(params.manifestDir, name), content: true })
  return {
    'kube-apiserver': manifest('kube-apiserver'),
    'kube-controller-manager': manifest('kube-controller-manager'),
    'kube-scheduler': manifest('kube-scheduler'),
  }
}

export type Manifests = Readonly<Record<DaemonName, PathFact>>

export const textOf = (fact: PathFact): string => Buffer.from(facts.bytesOf(fact) ?? new Uint8Array()).toString()

/** Tag of the image in a manifest, `v1.20.2`; nothing where there is none. */
export const tagIn = (manifest: string): string | undefined =>
  /^\s*image: \S+:(v\d+\.\d+\.\d+[^\s@]*)/m.exec(manifest)?.[1]

/** Version of each daemon as its manifest has it. */
export const versionsOf = (seen: Manifests): readonly (readonly [DaemonName, string | undefined])[] =>
  daemonNames.map(name => [name, tagIn(textOf(seen[name]))] as const)

export const isThere = (fact: PathFact): boolean => !['absent', 'unknown'].includes(facts.followed(fact).type)

/** Left by an `init` or `join` of ours that has not ended. */
export const markerOf = ({ kubeConfigDir }: Pick<Params, 'kubeConfigDir'>): string => `${kubeConfigDir}/.rota-kubeadm`

/**
 * Shell text for the end of the program that it marks: it is gone with its success, whatever becomes of the control
 * machine meanwhile.
 */
export const ended = (params: Pick<Params, 'kubeConfigDir'>): Shell => sh`rm -f ${markerOf(params)}`

/** The cluster's own word on itself: the ConfigMap kubeadm-config, both parts, as this host's API server has it. */
export const clusterConfig = (params: Pick<Params, 'binDir' | 'kubeConfigDir'>) =>
  facts.command({
    run: [
      ...kubectlWords(params),
      ...['-n', 'kube-system', 'get', 'configmap', 'kubeadm-config'],
      ...['-o', 'jsonpath={.data.ClusterConfiguration}{"\\n---\\n"}{.data.ClusterStatus}'],
    ],
    timeout: 15,
  })
