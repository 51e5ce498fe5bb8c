import type { ParamsOf } from 'rota'
import { imageParams } from '../node-proxy/image.ts'
import { joinParams } from '../worker/join-params.ts'
import { hookParams } from './hooks.ts'
import { params } from './params.ts'

const { join, method, kubeVersion, binDir, kubeConfigDir, criSocket } = joinParams.properties

/** What tells who joins, and the images that it needs. */
export const workerParams = {
  type: 'object',
  properties: {
    join,
    method,
    kubeVersion,
    binDir,
    kubeConfigDir,
    criSocket,
    ...imageParams.properties,
    ...hookParams,
    skip: params.properties.skip,
  },
} as const

export type WorkerParams = ParamsOf<typeof workerParams>
