import { binDir, controlPlaneMethod, installDir, kubeVersion, manifestDir } from '../lib/cluster/params.ts'

import { originParams } from './origin-params.ts'

export const params = {
  type: 'object',
  properties: {
    kubeVersion,
    ...originParams,
    installDir,
    binDir,
    method: controlPlaneMethod,
    manifestDir,
  },
  required: ['kubeVersion'],
} as const
