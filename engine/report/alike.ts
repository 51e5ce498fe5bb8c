import { createHash } from 'node:crypto'
import { continued } from '../journal/index.ts'
import { whoIn } from './hosts.ts'

/** What is said of a host: its name stands before `head`, and `below` follows, lines with their indent. */
export interface OfHost {
  readonly host: string
  readonly head: string
  readonly below: readonly string[]
  /** Of the line with the name. */
  readonly color?: (line: string) => string
}

export const linesOfHost = ({ host, head, below, color = line => line }: OfHost): readonly string[] => [
  ...continued(color(`  ${host}: ${head}`)),
  ...below.flatMap(continued),
]

/**
 * Takes what is said of hosts, and says what is word for word the same of several once, with a list of them, in the
 * order in which it came first. Twice of one host it is said twice.
 */
export function gathered() {
  let groups = alike<Omit<OfHost, 'host'>>()
  return {
    add: ({ host, ...said }: OfHost): void => groups.add(host, said, [said.head, said.below]),
    /** All that has come since the last time. */
    take: (): readonly string[] => {
      const lines = groups.all().flatMap(linesOfGroup)
      groups = alike()
      return lines
    },
  }
}

/** What is the same of several hosts. */
export interface Alike<T> {
  /** As it was said of the first of them. */
  readonly said: T
  readonly hosts: ReadonlySet<string>
}

/** Puts together what has the same key. What a host has twice is there twice. */
export function alike<T>(): {
  readonly add: (host: string, said: T, key: unknown) => void
  readonly all: () => readonly Alike<T>[]
} {
  const groups = new Map<string, { readonly said: T; readonly hosts: Set<string> }[]>()
  return {
    add: (host, said, key) => {
      // Differences may be long.
      const sum = createHash('sha256').update(JSON.stringify(key)).digest('base64')
      const known = groups.get(sum) ?? []
      const group = known.find(({ hosts }) => !hosts.has(host))
      if (group) group.hosts.add(host)
      else groups.set(sum, [...known, { said, hosts: new Set([host]) }])
    },
    all: () => [...groups.values()].flat(),
  }
}

function linesOfGroup({ said, hosts }: Alike<Omit<OfHost, 'host'>>): readonly string[] {
  const { who, below: names } = whoIn([...hosts])
  return linesOfHost({ ...said, host: who, below: [...names, ...said.below] })
}
