import { createHash, createPublicKey } from 'node:crypto'
import type { HostView, RemoteShell } from 'rota'
import { endpoint } from '../../lib/cluster/index.ts'
import type { Params } from '../daemons/daemons.ts'
import { discoveryConfig, tellsWhereItIs } from './discovery.ts'
import { kubeadm } from './program.ts'

/** What a host needs to join. */
export interface Invitation {
  /** `10.0.0.1:6443` of a master that is ready. */
  readonly endpoint: string
  readonly token: string
  /** `sha256:…` of the authority's public key. */
  readonly caCertHash: string
  /** A kubeconfig that says where the cluster is, for where nobody tells it without credentials. */
  readonly discovery?: string
}

type At = Pick<Params, 'binDir' | 'kubeConfigDir' | 'apiserverPort'>

interface Token {
  /** How long it lives, should nobody take it back. */
  readonly seconds: number
  readonly description: string
}

/** Works with a token that is made for it on a master that serves, and taken back whatever comes of it. */
export async function whileInvited<T>(
  peer: RemoteShell,
  params: At,
  through: Pick<HostView, 'name' | 'ip'>,
  { seconds, description }: Token,
  work: (invitation: Invitation) => Promise<T>,
): Promise<T> {
  const words = ['token', 'create', '--ttl', `${seconds}s`, '--description', description]
  const token = await peer`${kubeadm(params, ...words)} 2>/dev/null`.secret().text()
  if (!/^[a-z0-9]{6}\.[a-z0-9]{16}$/.test(token)) throw new Error(`kubeadm on ${through.name} made no token`)
  try {
    return await work(await invitationOf(peer, params, endpoint(through.ip, params.apiserverPort), token))
  } finally {
    // It goes by its first half, which is no secret: the whole is never in a list of arguments.
    const [id = ''] = token.split('.')
    await peer`${kubeadm(params, 'token', 'delete', id)} >/dev/null || :`.nothrow().catch(() => undefined)
  }
}

async function invitationOf(peer: RemoteShell, params: At, endpoint: string, token: string): Promise<Invitation> {
  const ca = await peer`cat ${`${params.kubeConfigDir}/pki/ca.crt`}`.text()
  const made = { endpoint, token, caCertHash: hashOf(ca) }
  if (await tellsWhereItIs(peer, params, endpoint)) return made
  return { ...made, discovery: await discoveryConfig(peer, params, { ca, endpoint, token }) }
}

/** The hash that `--discovery-token-ca-cert-hash` has: of the authority's public key. */
export const hashOf = (certificate: string): string =>
  `sha256:${createHash('sha256')
    .update(createPublicKey(certificate).export({ type: 'spki', format: 'der' }))
    .digest('hex')}`
