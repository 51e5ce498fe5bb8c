import { type ParamsOf, sharedParams } from 'rota'
import { kubeadmParams } from '../control-plane/kubeadm/params.ts'
import { binDir, controlPlaneMethod, installDir, kubeConfigDir, kubeVersion } from '../lib/cluster/params.ts'

const { ignorePreflightErrors, upgradeTimeout } = kubeadmParams

export const params = {
  type: 'object',
  properties: {
    kubeVersion,
    method: controlPlaneMethod,
    installDir,
    binDir,
    kubeConfigDir,
    ignorePreflightErrors,
    upgradeTimeout,
    readyTimeout: {
      type: 'integer',
      minimum: 1,
      default: 300,
      description:
        'Seconds that a kubelet may take after its restart until its node is Ready with the new version, and then those pods that were ready before.',
    },
  },
  required: ['kubeVersion'],
} as const

export type Params = ParamsOf<typeof params>

sharedParams({ ignorePreflightErrors, upgradeTimeout })
