// @ts-check
/** @import { Command, Figures } from './types.ts' */
/** @import { ControlGroup } from './cgroup.mjs' */
import { execa } from 'execa'

const shell = `for f in $BENCH_GROUPS; do echo $$ >"$f"; done; exec "$@"`

/**
 * Runs a command to its end and tells what it took. What it leaves behind stays.
 * @param {Command} command
 * @param {ControlGroup | undefined} group
 * @returns {Promise<Figures>}
 */
export async function measured({ words, env = {} }, group) {
  const before = group?.cpu() ?? 0
  let memory = 0
  const sampleMemory = () => {
    memory = Math.max(memory, group?.memory() ?? 0)
  }
  const timer = setInterval(sampleMemory, 25)
  const started = performance.now()
  const result = await execa('sh', ['-c', shell, 'bench', ...words], {
    env: { ...env, BENCH_GROUPS: group?.entrances.join(' ') ?? '' },
    stdin: 'ignore',
    all: true,
    reject: false,
  })
  const wall = (performance.now() - started) / 1000
  clearInterval(timer)
  sampleMemory()
  if (result.exitCode !== 0)
    throw new Error(`${words.join(' ').slice(0, 200)}: exit code ${result.exitCode}\n${tail(result.all)}`)
  return group ? { wall, cpu: group.cpu() - before, memory } : { wall }
}

/** @param {string} text */
const tail = text => text.split('\n').slice(-25).join('\n')

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const [low = 0, high = low] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return (low + high) / 2
}
