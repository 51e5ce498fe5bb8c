import { defineFact } from './fact.ts'
import { addressOf, wordOf } from './output.ts'

/** An address of an interface. */
export interface Address {
  readonly interface: string
  readonly family: 'inet' | 'inet6'
  readonly address: string
  /** Length of the network's prefix. */
  readonly prefix: number
  /** `global`, `link`, `host`. */
  readonly scope: string
}

/** Addresses of the host's interfaces: `ip addr`. Empty where there is no `ip`. */
export const addresses = defineFact<Record<never, never>, readonly Address[]>({
  name: 'addresses',
  // Interfaces of containers come and go, and have no other.
  lasting: all => all.filter(({ scope }) => scope !== 'link'),
  probe: () => 'ip -o addr show 2>/dev/null || :',
  parse: (output, args) => {
    const found = output.split('\n').flatMap((line): readonly Address[] => {
      const [, name, family, address, prefix, rest = ''] =
        /^\d+: ([^\s@]+)(?:@\S+)?\s+(inet6?) ([^\s/]+)(?:\/(\d{1,3})(?=\s|$))?(.*)$/.exec(line) ?? []
      if (name === undefined || address === undefined || (family !== 'inet' && family !== 'inet6')) return []
      return [
        {
          interface: wordOf(name, 'an interface'),
          family,
          address: addressOf(address, `an address of ${name}`),
          prefix: Number(prefix ?? (family === 'inet' ? 32 : 128)),
          scope: wordOf(/\bscope (\S+)/.exec(rest)?.[1] ?? 'global', 'the scope of an address'),
        },
      ]
    })
    return args.map(() => found)
  },
})
