import { check } from 'rota'

/** Which interface leads to an address: what has it now, and the route to it. */
export const wayTo = (address: string) => check({ run: `ip -o addr show to ${address}; ip -o route get ${address}` })

/**
 * The interface of the virtual address. On the host that holds it the route leads to `lo`, because the address is its own; there it is
 * the interface that has it.
 */
export function interfaceOf(output: string): string | undefined {
  const holder = /^\d+:\s+(\S+)\s+inet6?\s/m.exec(output)?.[1]
  const route = /\bdev\s+(\S+)/.exec(output.split('\n').find(line => !/^\d+:\s/.test(line)) ?? '')?.[1]
  const found = holder ?? route
  return found === 'lo' ? undefined : found
}
