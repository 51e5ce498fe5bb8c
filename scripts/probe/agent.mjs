// @ts-check
/** @import { Path } from './paths.mjs' */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { LabError } from '../lab/say.mjs'
import { addSample, emptyTally } from './tally.mjs'

/**
 * Whom to trust and who to be, as PEM text.
 * @typedef {{ [K in 'ca' | 'cert' | 'key' | 'token' | 'serverName']?: string | undefined }} Access
 * @typedef {Access & { url: string, kinds: string[], rate: number, timeoutMs: number }} Task
 * @typedef {(failure: { path: string, kind: string, reason: string, at: Date }) => void} OnFailure
 */

/**
 * Runs one path's agent and keeps count of what it reports.
 * @param {Path} path
 * @param {readonly [string, ...string[]]} command
 * @param {Task} task
 * @param {OnFailure} [onFailure]
 */
export function startAgent(path, [file, ...args], task, onFailure) {
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
    /** @type {import('./tally.mjs').Sample} */
    const sample = JSON.parse(line)
    const tally = tallies.get(sample.k)
    if (tally) addSample(tally, sample)
    if (sample.e !== undefined)
      onFailure?.({ path: path.name, kind: sample.k, reason: sample.e, at: new Date(sample.t / 1000) })
  })
  /** @type {Promise<{ code: number | string | null, early: boolean }>} */
  const ended = new Promise(resolve => {
    /** @type {number | string | null} */
    let code = null
    let open = 2
    const done = () => --open === 0 && resolve({ code, early: !stopping })
    child.on('error', error => resolve({ code: error.message, early: true }))
    child.on('exit', (value, signal) => {
      code = value ?? signal
      done()
    })
    lines.on('close', done)
  })
  return {
    path,
    tallies,
    ended,
    async stop() {
      stopping = child.exitCode === null && child.signalCode === null
      child.stdin.end()
      const { code, early } = await ended
      if (early || code !== 0)
        throw new LabError(`the prober of ${path.name} ended by itself (${code}): ${complaint.trim()}`)
    },
  }
}
