// @ts-check
/** @import { Access } from './agent.mjs' */
/** @import { Path } from './paths.mjs' */
import { ensureCommands } from '../lab/apt.mjs'
import { LabError } from '../lab/say.mjs'
import { startAgent } from './agent.mjs'
import { ensureAgent } from './build.mjs'
import { agentCommand } from './paths.mjs'
import { emptyTally, summary } from './tally.mjs'

export { asAdministrator } from './administrator.mjs'
export { labPaths, parsePath } from './paths.mjs'
export { isNew, renderTable, verdict } from './table.mjs'

export const defaultKinds = ['new /readyz', 'new /version', 'kept /readyz', 'kept /version']

/**
 * Starts asking every path; resolves once all agents run.
 * @param {Access & {
 *   paths: Path[],
 *   kinds?: string[],
 *   rate?: number,
 *   timeoutMs?: number,
 *   onFailure?: import('./agent.mjs').OnFailure,
 * }} options kinds: "new" or "kept", a space, the request's path; rate: requests per second of each path and kind
 */
export async function startProbe(options) {
  const { paths, kinds = defaultKinds, rate = 20, timeoutMs = 5000, onFailure, ...access } = options
  if (paths.length === 0) throw new LabError('there is no path to probe')
  if (paths.some(path => path.container)) await ensureCommands({ nsenter: 'util-linux' })
  const binary = await ensureAgent()
  const agents = await Promise.all(
    paths.map(async path => {
      const command = await agentCommand(path, binary)
      return startAgent(path, command, { url: path.url, kinds, rate, timeoutMs, ...access }, onFailure)
    }),
  )
  const table = () =>
    agents.flatMap(({ path, tallies }) =>
      kinds.map(kind => ({ path: path.name, kind, ...summary(tallies.get(kind) ?? emptyTally()) })),
    )
  return {
    /** The table up to now. */
    table,
    /** Resolves when an agent has ended, be it by stop() or by itself: then stop() tells why. */
    ended: Promise.race(agents.map(agent => agent.ended)),
    /** Waits for the requests under way, then gives the final table. An agent that died is an error. */
    async stop() {
      await Promise.all(agents.map(agent => agent.stop()))
      return table()
    },
  }
}
