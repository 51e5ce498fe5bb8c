/** What a new master needs besides what kubeadm makes, from one that serves. */
export { bringFiles } from './bring.ts'
export { hasKubeVip, kubeVipsOf } from './kube-vip.ts'
export { patchesOf } from './listing.ts'
export { hasFilesOfMasters, mayHaveFilesOfMasters, neighbourFacts } from './step.ts'
