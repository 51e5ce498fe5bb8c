import { type Check, type Finding, facts, hostCheck } from 'rota'
import { containerFunction, containerPid } from '../lib/cluster/index.ts'
import type { Daemon } from './places.ts'

/** A unit of systemd is active. */
export const isActive = (name: string, unitName: string): Check =>
  hostCheck({
    name: `${name} is active`,
    facts: { unit: facts.unit({ name: `${unitName}.service` }) },
    verdict: ({ unit }): Finding => {
      const expected = `${unitName}.service is active`
      if (unit.type === 'unavailable') return { ok: false, expected, saw: unit.reason }
      if (unit.loadState === 'not-found') return { ok: false, expected, saw: 'there is no such unit' }
      return { ok: unit.activeState === 'active', expected, saw: `${unit.activeState} (${unit.subState})` }
    },
  })

/** Whatever runs the daemon has it running. */
export function runs(proxy: Daemon): Check {
  if ('unit' in proxy.runs) return isActive(proxy.name, proxy.runs.unit)
  const { container } = proxy.runs
  const wanted = 'docker' in container ? container.docker : `${container.container} of pod ${container.pod}`
  return hostCheck({
    name: `${proxy.name} is active`,
    facts: {
      found: facts.command({
        run: `${containerFunction(container)}\npid=$( ${containerPid}\n) && kill -0 "$pid" && container && echo "$runtime"`,
      }),
    },
    verdict: ({ found }) => ({
      ok: found.exitCode === 0,
      expected: `the container ${wanted} runs`,
      saw: found.exitCode === 0 ? `a container runs (${found.stdout})` : 'no such container runs',
    }),
  })
}

/** Who listens, as `ss -Hltnp` has it. Programs are known to root alone. */
export interface Listening {
  readonly address: string
  readonly port: number
  readonly programs: readonly string[]
}

const listeners = facts.command({ run: ['ss', '-Hltnp'] })

/** `LISTEN 0 4096 0.0.0.0:8443 0.0.0.0:* users:(("haproxy",pid=9,fd=5))` */
export const readListeners = (output: string): readonly Listening[] =>
  output.split('\n').flatMap(line => {
    const [, address = '', port] = /^LISTEN\s+\d+\s+\d+\s+(\S+):(\d+)\s/.exec(line) ?? []
    if (port === undefined) return []
    const programs = [...line.matchAll(/\("([^"]+)",pid=/g)].map(match => match[1] ?? '')
    return [{ address: address.replace(/^\[|\]$/g, ''), port: Number(port), programs: [...new Set(programs)] }]
  })

/** The program, and nobody else, listens on the port. */
export const listens = (program: string, port: number): Check =>
  hostCheck({
    name: `${program} listens on ${port}`,
    facts: { listeners },
    verdict: ({ listeners }): Finding => {
      const expected = `${program} on ${port}`
      if (listeners.exitCode === 127) return { ok: false, expected, saw: 'ss (iproute2) is not installed' }
      const there = readListeners(listeners.stdout).filter(entry => entry.port === port)
      const saw = there.map(({ address, programs }) => `${programs.join(', ') || 'somebody'} on ${address}`).join(', ')
      const ok = there.length > 0 && there.every(({ programs }) => programs.length === 1 && programs[0] === program)
      return { ok, expected, saw: saw || 'nobody' }
    },
  })
