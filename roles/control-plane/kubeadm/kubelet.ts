import { command, facts, quote, type Step, step, type Task, waitFor } from 'rota'
import { program } from '../../kube-binaries/own-programs.ts'
import { binDirOf } from '../../kube-binaries/paths.ts'
import { withV } from '../../lib/cluster/index.ts'
import { kubectlWords } from '../../lib/cluster/kubectl.ts'
import type { Params } from '../daemons/daemons.ts'

const unitPath = '/etc/systemd/system/kubelet.service'
/** First line of a unit that is ours to write. */
export const unitMark = '# Written by the role control-plane.'

/**
 * kubeadm's own drop-in as a unit (its package has it): where the kubelet's configuration is, and what kubeadm adds to
 * its flags.
 */
export const kubeletUnit = ({ binDir, kubeConfigDir }: Pick<Params, 'binDir' | 'kubeConfigDir'>): string => `${unitMark}
[Unit]
Description=kubelet
Documentation=https://kubernetes.io/docs/
Wants=network-online.target
After=network-online.target docker.service containerd.service crio.service

[Service]
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=${binDir}/kubelet --bootstrap-kubeconfig=${kubeConfigDir}/bootstrap-kubelet.conf --kubeconfig=${kubeConfigDir}/kubelet.conf --config=/var/lib/kubelet/config.yaml $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
`

/** A host that has a unit for its kubelet, from kubespray or from a package, keeps it. */
export const kubeletHasUnit = (params: Pick<Params, 'binDir' | 'kubeConfigDir'>): Step => {
  const content = kubeletUnit(params)
  return step({
    title: 'the kubelet has a unit',
    notify: ['kubelet'],
    facts: {
      unit: facts.unit({ name: 'kubelet.service' }),
      text: facts.command({ run: `cat ${unitPath} 2>/dev/null || :` }),
    },
    needed: ({ unit, text }) => {
      if (unit.type !== 'unit' || unit.loadState === 'not-found') return 'there is none'
      return text.stdout.startsWith(unitMark) && text.stdout !== content.trimEnd() && 'it differs'
    },
    run: async ({ $ }) => {
      await $`cat >${unitPath} && systemctl daemon-reload`.stdin(content)
      return {}
    },
  })
}

/**
 * A host that has no kubelet yet gets the version's; one that has keeps it until its control plane has been upgraded.
 */
export const someKubelet = (params: Params): readonly Task[] =>
  ['kubelet', 'kubectl'].map(name => {
    const path = `${params.binDir}/${name}`
    return command({
      title: `link ${path}`,
      creates: path,
      run: `ln -s ${quote(`${binDirOf(params)}/${name}`)} ${quote(path)}`,
    })
  })

export const programIs = (params: Params, name: string, notify?: string): Task =>
  program(params, name, `${binDirOf(params)}/${name}`, { notify })

/** Proven by what the node says of itself: a unit that starts another program would go on with the old one. */
export const kubeletIs = (params: Params, node: string): Task =>
  waitFor({
    title: `wait until the kubelet is ${withV(params.kubeVersion)}`,
    check: {
      run: `v=$(${[...kubectlWords(params), 'get', 'node', node, '-o', 'jsonpath={.status.nodeInfo.kubeletVersion}'].map(quote).join(' ')}) || exit 1
[ "$v" = ${quote(withV(params.kubeVersion))} ] || { echo "it is $v: does kubelet.service start ${params.binDir}/kubelet?"; exit 1; }`,
    },
    timeout: 60,
  })
