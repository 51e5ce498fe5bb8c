export * from './cluster.ts'
export { ensureCertificates, ensureServiceAccountKey } from './ensure.ts'
export { store } from './store.ts'
export type { Lifetime, Pair, Wish } from './wish.ts'
