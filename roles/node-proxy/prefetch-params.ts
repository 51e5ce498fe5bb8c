import { params as nginx } from '../nginx-proxy/params.ts'
import { imageParams } from './image.ts'

const { properties: of } = nginx

/** What tells which proxy is chosen, and all that it is made of. */
export const prefetchParams = {
  type: 'object',
  properties: {
    ...imageParams.properties,
    packages: of.packages,
    distributionUnit: of.distributionUnit,
    version: of.version,
    sha256: of.sha256,
    configureFlags: of.configureFlags,
    buildHost: of.buildHost,
    workDir: of.workDir,
  },
} as const
