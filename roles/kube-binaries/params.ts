import { installDir, kubeVersion } from '../cluster/params.ts'

export const params = {
  type: 'object',
  properties: {
    kubeVersion,
    source: {
      type: 'string',
      minLength: 1,
      var: 'kube_bin_cache',
      description: 'Folder of the control machine with a folder for each version: `SOURCE/v1.20.2/kube-apiserver`.',
    },
    installDir,
    names: {
      type: 'array',
      items: { type: 'string', pattern: '^[a-z-]+$' },
      default: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'],
      description: 'Programs that are installed.',
    },
  },
  required: ['kubeVersion', 'source'],
} as const
