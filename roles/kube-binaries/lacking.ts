import type { Sum } from 'rota'
import { facts, quote } from 'rota'
import { archOf, type Program } from './places.ts'

/** Which machine the host is, and the checksums of the programs that it has at these places already. */
export const machineFact = (paths: readonly string[]) =>
  facts.command({
    run: `uname -m
for path in ${paths.map(quote).join(' ')}; do
  if [ -f "$path" ]; then sha256sum "$path"; fi
done`,
    timeout: 60,
  })

export interface Machine {
  readonly arch: string
  /** SHA-256 by path. */
  readonly sums: ReadonlyMap<string, string>
}

export function machineFrom(stdout: string): Machine | undefined {
  const [machine = '', ...lines] = stdout.trim().split('\n')
  if (!/^[a-z0-9_]+$/.test(machine)) return undefined
  const sums = lines.flatMap(line => {
    const [, hex = '', path = ''] = /^\\?([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? []
    return path === '' ? [] : [[path, hex] as const]
  })
  return { arch: archOf(machine), sums: new Map(sums) }
}

/** A host, and the programs that it shall have. */
export interface Wants {
  readonly host: string
  readonly machine: Machine
  readonly names: readonly string[]
}

/** A program, and the hosts that shall have it. */
export interface WantedProgram extends Program {
  readonly hosts: readonly Wants[]
}

/** Each program once, whatever the number of hosts that want it. */
export function wantedPrograms(wants: readonly Wants[]): readonly WantedProgram[] {
  const found = new Map<string, WantedProgram>()
  for (const want of wants) {
    for (const name of want.names) {
      const key = `${name} ${want.machine.arch}`
      const hosts = [...(found.get(key)?.hosts ?? []), want]
      found.set(key, { name, arch: want.machine.arch, hosts })
    }
  }
  return [...found.values()]
}

/**
 * All of its hosts have it already, so nobody needs to fetch it: what an earlier run has put there was right. Where a
 * checksum is given, it must be that one; hosts tell SHA-256 alone, so another kind can't be told to be right.
 */
export const isEverywhere = (
  { name, hosts }: WantedProgram,
  given: Sum | undefined,
  pathOf: (name: string) => string,
): boolean =>
  hosts.every(({ machine }) => {
    const there = machine.sums.get(pathOf(name))
    return there !== undefined && (given === undefined || given.hex === there)
  })
