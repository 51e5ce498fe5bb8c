import { type Check, type Finding, facts, hostCheck } from 'rota'
import { type Listening, readListeners } from '../check-ha/services.ts'

/** A port that something of the cluster's has or is about to have, and by which names those are known that may. */
export interface Port {
  readonly port: number
  readonly what: string
  readonly programs: readonly string[]
}

/** Whoever serves the API to clients: a proxy gives its port to the API server of a worker that becomes a master. */
export const servers = ['kube-apiserver', 'haproxy', 'nginx', 'hyperkube', 'kube-vip'] as const

/** Nobody else has a port that a daemon of the cluster is to listen on: it would not start. */
export const portsAreOurs = (ports: readonly Port[]): Check =>
  hostCheck({
    name: 'ports',
    facts: { listeners: facts.command({ run: ['ss', '-Hltnp'] }) },
    verdict: ({ listeners }) => judgePorts(ports, listeners),
  })

export function judgePorts(
  ports: readonly Port[],
  { exitCode, stdout }: { readonly exitCode: number; readonly stdout: string },
): Finding {
  const expected =
    'ports that are free or have what shall be there: stop who has them, or give the other one a port of its own'
  if (exitCode !== 0) return { ok: true, expected, saw: 'not looked at: the host has no ss' }
  const listening = readListeners(stdout)
  const wrong = ports.flatMap(({ port, what, programs }) => {
    const there = listening.filter(each => each.port === port && each.programs.length > 0)
    const ours = ({ programs: who }: Listening) => who.some(name => programs.includes(name))
    if (there.length === 0 || there.some(ours)) return []
    const who = [...new Set(there.map(({ address, programs: names }) => `${names.join(', ')} on ${address}`))]
    return [`${port}, of ${what}, is taken by ${who.join(' and ')}`]
  })
  return wrong.length > 0
    ? { ok: false, expected, saw: wrong.join('; ') }
    : { ok: true, expected, saw: 'nobody in the way' }
}
