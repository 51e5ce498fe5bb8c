import { canonicalAddress } from '../lib/cluster/index.ts'
import { askedFor } from './asked-for.ts'
import type { KnownNode } from './known.ts'
import { type Request, signer } from './requests.ts'

const nodeUser = 'system:node:'
const nodes = 'system:nodes'

/** With elliptic keys, and with RSA keys. */
const usages = ['digital signature,server auth', 'digital signature,key encipherment,server auth']

/** The node that asks, by who the API server says it is. */
export const nodeAsking = (username: string): string | undefined =>
  username.startsWith(nodeUser) ? username.slice(nodeUser.length) : undefined

/**
 * Why a request must not be approved, or nothing: a kubelet of ours asks for itself, to serve with, and for nothing
 * else. Who signs does not look whose the names and addresses are: with those of a master a node could pretend to be an
 * API server.
 */
export async function whyNot(
  spec: Request['spec'],
  known: ReadonlyMap<string, KnownNode>,
): Promise<string | undefined> {
  if (spec.signerName !== signer) return `it is for the signer ${spec.signerName}`
  const name = nodeAsking(spec.username)
  const node = name === undefined ? undefined : known.get(name)
  if (node === undefined) return `${spec.username} asks for it, and is no node of the inventory`
  if (!spec.groups?.includes(nodes)) return `${spec.username} is not in the group ${nodes}`
  if (!usages.includes(spec.usages.toSorted().join())) return `its usages are ${spec.usages.join(', ')}`
  const asked = await askedFor(spec.request)
  if (typeof asked === 'string') return asked
  if (asked.commonName !== spec.username) return `it is for ${asked.commonName}, and ${spec.username} asks for it`
  if (asked.organizations.join() !== nodes) return `its organization is ${asked.organizations.join(', ') || 'missing'}`
  const addresses = node.addresses.map(canonicalAddress)
  const strange = [
    ...asked.names.filter(each => !node.names.includes(each)),
    ...asked.addresses.filter(each => !addresses.includes(canonicalAddress(each))),
  ]
  if (strange.length > 0)
    return `${strange.join(', ')} ${strange.length > 1 ? 'are' : 'is'} not what the inventory has of ${name} (its name, ip, access_ip, ip6)`
  return asked.names.length + asked.addresses.length === 0 ? 'it has neither a name nor an address' : undefined
}
