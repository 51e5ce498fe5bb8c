import { defineRole, facts, quote, type Step, seconds, step, type Task } from 'rota'
import { kubeletMayChange } from '../control-plane/kubeadm/kubelet-refused.ts'
import { behind, isBehindText, kubeletFact, readSeen } from '../control-plane/kubeadm/kubelet-seen.ts'
import { ignoreFlag, lastLines } from '../control-plane/kubeadm/program.ts'
import { program } from '../kube-binaries/own-programs.ts'
import { binDirOf } from '../kube-binaries/paths.ts'
import { cluster, clusterProblems, isOneOf, withV, workersOf } from '../lib/cluster/index.ts'
import { type Params, params } from './params.ts'
import { kubeletIsNew } from './restart.ts'

/**
 * The kubelet of a node that is no master, of the version: programs, what kubeadm keeps of its configuration, restart.
 * What is left to do is seen in the program and in the process, so a run that was cut short goes on. Nothing is done on
 * a host that is no node, and where kubeadm has not made the cluster.
 */
export const worker = defineRole({
  name: 'worker',
  description: 'the kubelet of a node that is no master',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  tasks: ({ params, host, inventory }) =>
    params.method !== 'kubeadm' || !isOneOf(workersOf(inventory), host)
      ? []
      : [
          kubeletMayChange(params),
          programsAreThere(params),
          programWithIt('kubeadm', params),
          programWithIt('kubectl', params),
          kubeadmUpgradesNode(params),
          programWithIt('kubelet', params),
          kubeletIsNew(params),
        ],
})

/**
 * Only with the kubelet: another kubeadm alone is no reason to drain a node. One that the host has not is not brought
 * here, but for the kubelet.
 */
const programWithIt = (name: 'kubeadm' | 'kubelet' | 'kubectl', params: Params): Task => {
  const target = `${binDirOf(params)}/${name}`
  const there = name === 'kubelet' ? [] : [`[ -e ${quote(target)} ] && [ -e ${quote(`${params.binDir}/${name}`)} ]`]
  const wanted = withV(params.kubeVersion)
  return program(params, name, target, {
    onlyIf: [...there, isBehindText(params)].join(' || exit 1\n'),
    why:
      name === 'kubelet' ? `it is not ${wanted}` : `it is not ${wanted}, and the kubelet of the node is not yet either`,
  })
}

/** A step, not an assertion: in check mode the play that brings them has not run. */
const programsAreThere = (params: Params): Step => {
  const path = `${binDirOf(params)}/kubelet`
  return step({
    title: `kubelet ${withV(params.kubeVersion)} is there`,
    facts: { kubelet: kubeletFact(params), program: facts.path({ path }) },
    needed: ({ kubelet, program }) => {
      const seen = readSeen(kubelet)
      return (
        behind(seen, params.kubeVersion) !== undefined &&
        seen.file !== withV(params.kubeVersion) &&
        facts.followed(program).type !== 'file' &&
        `${path} does not exist yet`
      )
    },
    run: async () => {
      throw new Error(`${path} does not exist: the role kube-binaries has to run before this one`)
    },
  })
}

/**
 * What kubeadm keeps in /var/lib/kubelet, from the cluster's own configuration. Before the program changes, so that its
 * version tells whether it has been done; a kubelet with kubespray's files reads none of it.
 */
const kubeadmUpgradesNode = (params: Params): Step =>
  step({
    title: 'kubeadm upgrade node',
    facts: { kubelet: kubeletFact(params) },
    needed: ({ kubelet }) => {
      const { isNode, isKubesprays, file } = readSeen(kubelet)
      return isNode && !isKubesprays && file !== withV(params.kubeVersion) && `the kubelet is ${file ?? 'not there'}`
    },
    run: async ({ $ }) => {
      // One that is the version already needs no other copy beside it.
      const path = `${params.binDir}:${binDirOf(params)}`
      const words = ['upgrade', 'node', ...ignoreFlag(params.ignorePreflightErrors)]
      const answer = await $`PATH=${path}:"$PATH" kubeadm ${words} 2>&1`
        .timeout(seconds(params.upgradeTimeout))
        .nothrow()
      if (answer.exitCode !== 0) throw new Error(`kubeadm upgrade node failed:\n${lastLines(answer.stdout)}`)
      return {}
    },
  })
