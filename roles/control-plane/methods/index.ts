import type { Params } from '../daemons/daemons.ts'
import { binaries } from './binaries.ts'
import { kubeadm } from './kubeadm.ts'
import type { Method } from './method.ts'
import { staticPods } from './static-pods.ts'

/** The methods by the value of the param. */
export const methods: Readonly<Record<Params['method'], Method>> = {
  binaries,
  'static-pods': staticPods,
  kubeadm,
}
