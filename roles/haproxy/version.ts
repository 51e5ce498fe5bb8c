import { type FactValues, facts } from 'rota'

/** Major and minor. */
export type HaproxyVersion = readonly [number, number]

/** The host's own haproxy, however it came there. */
export const versionFacts = { version: facts.command({ run: ['haproxy', '-v'] }) }

/**
 * `HA-Proxy version 1.8.8 2018/04/19`, `HAProxy version 2.6.12-1+deb12u3 2025/10/03 - …`; undefined where there is none
 * (yet).
 */
export function readVersion({ version }: FactValues<typeof versionFacts>): HaproxyVersion | undefined {
  const [, major, minor] = /^HA-?Proxy version (\d+)\.(\d+)/.exec(version.stdout) ?? []
  return version.exitCode === 0 && major !== undefined ? [Number(major), Number(minor)] : undefined
}

/** `nbproc` is refused from 2.5 on. */
export const hasProcesses = (version: HaproxyVersion | undefined): boolean =>
  version !== undefined && (version[0] < 2 || (version[0] === 2 && version[1] < 5))
