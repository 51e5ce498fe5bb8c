// @ts-check
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { ensureCommands } from '../lab/apt.mjs'
import { LabError } from '../lab/say.mjs'
import { ensureAgent } from './build.mjs'
import { agentCommand } from './paths.mjs'
import { addSample, emptyTally, summary } from './tally.mjs'

export { labPaths, parsePath } from './paths.mjs'
export { renderTable, verdict } from './table.mjs'

export const defaultKinds = ['new /readyz', 'new /version', 'kept /readyz', 'kept /version']

/**
 * Starts asking every path; resolves once all agents run.
 * @param {object} options
 * @param {import('./paths.mjs').Path[]} options.paths
 * @param {string[]} [options.kinds] "new" or "kept", a space, the request's path
 * @param {number} [options.rate] requests per second of each path and kind
 * @param {number} [options.timeoutMs]
 * @param {string} [options.ca] PEM text, as are cert and key
 * @param {string} [options.cert]
 * @param {string} [options.key]
 * @param {string} [options.token]
 * @param {string} [options.serverName]
 * @param {(failure: { path: string, kind: string, reason: string, at: Date }) => void} [options.onFailure]
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
    /** Waits for the requests under way, then gives the final table. An agent that died is an error. */
    async stop() {
      await Promise.all(agents.map(agent => agent.stop()))
      return table()
    },
  }
}

function startAgent(path, [file, ...args], task, onFailure) {
  const tallies = new Map(task.kinds.map(kind => [kind, emptyTally()]))
  const env = { ...process.env, GOMAXPROCS: '1', GOGC: '400' }
  // A group of its own: Ctrl-C reaches this script only, which then ends the agents in good order.
  const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  let complaint = ''
  let stopping = false
  child.stderr.on('data', chunk => {
    complaint = `${complaint}${chunk}`.slice(-2000)
  })
  child.stdin.on('error', () => {}) // an agent that is gone says why on stderr
  child.stdin.write(`${JSON.stringify(task)}\n`)
  const lines = createInterface({ input: child.stdout })
  lines.on('line', line => {
    const sample = JSON.parse(line)
    addSample(tallies.get(sample.k), sample)
    if (sample.e !== undefined)
      onFailure?.({ path: path.name, kind: sample.k, reason: sample.e, at: new Date(sample.t / 1000) })
  })
  const ended = new Promise(resolve => {
    let code
    let open = 2
    const done = () => --open === 0 && resolve({ code, early: !stopping })
    child.on('error', error => resolve({ code: error.message, early: true }))
    child.on('exit', value => {
      code = value
      done()
    })
    lines.on('close', done)
  })
  return {
    path,
    tallies,
    async stop() {
      stopping = child.exitCode === null && child.signalCode === null
      child.stdin.end()
      const { code, early } = await ended
      if (early || code !== 0)
        throw new LabError(`the prober of ${path.name} ended by itself (${code}): ${complaint.trim()}`)
    },
  }
}
