import type { Params } from '../daemons/daemons.ts'
import { binaries } from './binaries.ts'
import { kubeadm } from './kubeadm.ts'
import type { Method } from './method.ts'
import { staticPods } from './static-pods.ts'

/** The methods by the value of the param. What one has prepared is only ever given to itself. */
export const methods: Readonly<Record<Params['method'], Method>> = {
  binaries: binaries as Method,
  'static-pods': staticPods as Method,
  kubeadm: kubeadm as Method,
}
