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
  const groups = new Map<string, Group[]>()
  return {
    add: ({ host, ...said }: OfHost): void => {
      const { head, below } = said
      // Differences may be long.
      const key = createHash('sha256')
        .update(JSON.stringify([head, below]))
        .digest('base64')
      const known = groups.get(key) ?? []
      const group = known.find(({ hosts }) => !hosts.has(host))
      if (group) group.hosts.add(host)
      else groups.set(key, [...known, { ...said, hosts: new Set([host]) }])
    },
    /** All that has come since the last time. */
    take: (): readonly string[] => {
      const lines = [...groups.values()].flat().flatMap(linesOfGroup)
      groups.clear()
      return lines
    },
  }
}

interface Group extends Omit<OfHost, 'host'> {
  readonly hosts: Set<string>
}

function linesOfGroup({ hosts, below, ...said }: Group): readonly string[] {
  const { who, below: names } = whoIn([...hosts])
  return linesOfHost({ ...said, host: who, below: [...names, ...below] })
}
