import { binDir, kubeConfigDir, leaving, secondAddress } from '../lib/cluster/params.ts'

export const params = {
  type: 'object',
  properties: {
    rotate: {
      type: 'boolean',
      default: false,
      var: 'kubelet_rotate_server_certificates',
      description: 'Whether kubelets ask the cluster for the certificate that they serve with. It changes no kubelet.',
    },
    approve: {
      type: 'boolean',
      default: true,
      var: 'kubelet_csr_approver_enabled',
      description: 'With `rotate`: approve what they ask for. `false`: that is done by hand, or by somebody else.',
    },
    secondAddress,
    binDir,
    kubeConfigDir,
    leaving,
  },
} as const
