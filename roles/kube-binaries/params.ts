import { controlPlaneMethod, installDir, kubeVersion, manifestDir } from '../lib/cluster/params.ts'

export const params = {
  type: 'object',
  properties: {
    kubeVersion,
    source: {
      type: 'string',
      minLength: 1,
      text: 'line',
      var: 'kube_bin_cache',
      description: 'Folder of the control machine with a folder for each version: `SOURCE/v1.20.2/kube-apiserver`.',
    },
    installDir,
    names: {
      type: 'array',
      items: { type: 'string', pattern: '^[a-z-]+$' },
      description:
        'Programs that are installed. Default: those that the masters run, and `kubectl`; of static pods `kubectl` alone, of kubeadm `kubeadm`, `kubelet` and `kubectl`.',
    },
    method: controlPlaneMethod,
    manifestDir,
  },
  required: ['kubeVersion', 'source'],
} as const
