import { type Check, facts, type HostView, hostCheck } from 'rota'
import { canonicalAddress, endpoint } from '../lib/cluster/index.ts'

/** What the kernel balances: the table of IPVS, by service. */
export function readIpvs(table: string): ReadonlyMap<string, readonly string[]> {
  const services = new Map<string, string[]>()
  let current: string[] = []
  for (const line of table.split('\n')) {
    const [, service] = /^TCP\s+(\S+)/.exec(line) ?? []
    const [, server, weight] = /^\s+->\s+(\S+)\s+\S+\s+(\d+)/.exec(line) ?? []
    if (service !== undefined) {
      current = []
      services.set(readEndpoint(service), current)
    } else if (/^\S/.test(line)) current = []
    else if (server !== undefined && weight !== '0') current.push(readEndpoint(server))
  }
  return services
}

/** `0A000064:192B`, `[fd00:0000:0000:0000:0000:0000:0000:0001]:192B` */
function readEndpoint(text: string): string {
  const at = text.lastIndexOf(':')
  const port = Number.parseInt(text.slice(at + 1), 16)
  const address = text.slice(0, at)
  if (address.startsWith('[')) return endpoint(canonicalAddress(address.slice(1, -1)), port)
  return endpoint((address.match(/../g) ?? []).map(byte => Number.parseInt(byte, 16)).join('.'), port)
}

/** The kernel of a director sends the packets of the virtual address to every master. */
export const balancesTo = (
  service: { readonly address: string; readonly port: number },
  masters: readonly HostView[],
  masterPort: number,
): Check =>
  hostCheck({
    name: 'the kernel balances to every master',
    facts: { table: facts.command({ run: ['cat', '/proc/net/ip_vs'] }) },
    verdict: ({ table }) => {
      const expected = masters.map(({ name }) => name).join(', ')
      if (table.exitCode !== 0) return { ok: false, expected, saw: 'this kernel has no IPVS (/proc/net/ip_vs)' }
      const servers = readIpvs(table.stdout).get(endpoint(service.address, service.port))
      if (servers === undefined)
        return { ok: false, expected, saw: `nothing for ${endpoint(service.address, service.port)}` }
      const known = masters.filter(({ address }) => servers.includes(endpoint(address, masterPort)))
      const others = servers.length - known.length
      return {
        ok: known.length === masters.length && others === 0,
        expected,
        saw: `${known.map(({ name }) => name).join(', ') || 'no master'}${others > 0 ? ` and ${others} more` : ''}`,
      }
    },
  })
