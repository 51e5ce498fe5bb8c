import { type FactRequest, facts, type HostView, type HttpFact, type PathFact } from 'rota'
import { atLeast } from '../../lib/cluster/index.ts'
import { readyz } from '../../lib/cluster/ready.ts'
import type { Params } from '../daemons/daemons.ts'

/**
 * The directory of credentials, by the names of Kubernetes' HA guide. Pairs are `server` (what the API server shows)
 * and `kubecfg` (the administrator); the tables of tokens and passwords are the operator's.
 */
export const pairNames = ['server', 'kubecfg'] as const
export type PairName = (typeof pairNames)[number]

export const certificateName = (pair: PairName): string => (pair === 'server' ? 'server.cert' : 'kubecfg.crt')
export const keyName = (pair: PairName): string => `${pair}.key`

/** Files that are copied where a master has them. kube-apiserver knows no passwords from 1.19 on. */
export const tableNames = ({
  tokenAuth,
  kubeVersion,
}: Pick<Params, 'tokenAuth' | 'kubeVersion'>): readonly string[] => [
  ...(tokenAuth ? [] : ['known_tokens.csv']),
  ...(atLeast(kubeVersion, '1.19') ? [] : ['basic_auth.csv']),
]

/** Everything that the API server reads of the directory. */
export const readNames = ({ kubeVersion }: Pick<Params, 'kubeVersion'>): readonly string[] => [
  'ca.crt',
  'server.cert',
  'server.key',
  'known_tokens.csv',
  ...(atLeast(kubeVersion, '1.19') ? [] : ['basic_auth.csv']),
]

/** What is read of every master: sums of keys and tables, certificates as they are, whether its API server is ready. */
export type MasterFacts = Readonly<Record<string, FactRequest<PathFact>>>
export type ReadyFact = FactRequest<HttpFact>

const all = ['ca.crt', 'server.cert', 'server.key', 'kubecfg.crt', 'kubecfg.key', 'known_tokens.csv', 'basic_auth.csv']

export const credentialFacts = (dir: string): MasterFacts =>
  Object.fromEntries(
    all.map(name => [
      name,
      facts.path({ path: `${dir}/${name}`, sha256: true, ...(/\.(crt|cert)$/.test(name) ? { content: true } : {}) }),
    ]),
  )

export const peerFacts = (params: Params, master: HostView) => ({
  ...credentialFacts(params.credentialsDir),
  ready: readyz(master, params.apiserverPort, `${params.kubeConfigDir}/pki/ca.crt`),
})
