import { type ParamsOf, sharedParams } from 'rota'
import { askedParams } from '../container-engine/params.ts'
import { params as controlPlane } from '../control-plane/params.ts'
import { originParams } from '../kube-binaries/origin-params.ts'
import {
  anonymousAuth,
  apiserverPort,
  binDir,
  controlPlaneMethod,
  etcdDeployment,
  installDir,
  kubeConfigDir,
  kubeVersion,
  leaving,
  manifestDir,
} from '../lib/cluster/params.ts'
import { hookParams } from './hooks.ts'

/** What is looked at of a master, of all hosts and of the cluster, by the names that `preflight_skip` has for it. */
export const looksAtMasters = [
  'anonymous',
  'control-plane',
  'programs',
  'kubelets',
  'cgroup',
  'runtime',
  'etcd',
  'certificates',
  'images',
  'release',
  'files',
  'removed-apis',
  'hooks',
] as const
export const looksAtHosts = ['clocks', 'room', 'attributes', 'packages', 'ports', 'selinux'] as const
export const looksAtCluster = ['members', 'nodes', 'budgets'] as const
const looks = [...looksAtMasters, ...looksAtHosts, ...looksAtCluster] as const

export const params = {
  type: 'object',
  properties: {
    kubeVersion,
    method: controlPlaneMethod,
    kubeConfigDir,
    manifestDir,
    binDir,
    apiserverPort,
    anonymousAuth,
    installDir,
    ...originParams,
    ...askedParams,
    criSocket: controlPlane.properties.criSocket,
    etcdDeployment,
    leaving,
    kubesprayRelease: {
      type: 'string',
      pattern: '^v?2\\.\\d+(\\.\\d+)?$',
      var: 'kubespray_release',
      description: 'Release of kubespray that the cluster is of, where it is said: its files must be of it.',
    },
    ...hookParams,
    skip: {
      type: 'array',
      items: { type: 'string', enum: looks },
      default: [],
      description: 'What is not looked at.',
    },
    certificateDaysLeft: {
      type: 'integer',
      minimum: 0,
      default: 7,
      description: 'A certificate that ends within so many days is told; one that has ended is refused.',
    },
  },
} as const

// Whoever looks leaves the same out.
sharedParams({ skip: params.properties.skip })

/** Of a master, which has a version to go to. Hosts that are none may have no `kube_version`. */
export type Params = ParamsOf<typeof params> & { readonly kubeVersion: string }
