#!/usr/bin/env zx
// @ts-check
// Whatever dies, and wherever: a run is stopped at each of its steps, on the host and on the control machine, by each
// fault there is; then the same command is run again. What must hold: docs/reliability.md. Needs root and strace, and
// with --lab a Docker engine instead.
import { Command, InvalidArgumentError, Option } from 'commander'
import { chalk } from 'zx'
import '../engine/register.mjs'
import { ensureCommands } from './lab/apt.mjs'
import { scriptArgs } from './lab/args.mjs'

// Before the lab's files are read, which ask for it.
process.env.ROTA_TEST_LAB ??= 'lab-faults'
const onThisMachine = await import('../test/hostile/faults/index.ts')
const inLab = await import('../test/lab/faults/index.ts')
const { labDown } = await import('./lab/index.mjs')

/** @param {string} text */
const number = text => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a number is expected.')
  return Number(text)
}

/** @param {string} text */
const names = text => text.split(',')

/** @param {readonly { readonly name: string, readonly what: string }[]} faults */
const described = faults => faults.map(({ name, what }) => `  ${name.padEnd(13)} ${what}`).join('\n')

const program = new Command('scripts/faults.mjs')
  .description(
    `Strikes at every step of a run with every fault, and runs the command again:\n${described(onThisMachine.faults)}\nwith --lab:\n${described(inLab.labFaults)}`,
  )
  .addOption(
    new Option('--lab [what]', 'on hosts of a lab of its own').choices(Object.keys(inLab.scenarios)).preset('proxies'),
  )
  .option('--only <faults>', 'with these alone, with commas', names)
  .option('--step <step>', 'at this step alone: its number or its name, as --list says')
  .addOption(new Option('--shell <name>', "the host's shell").choices(['dash', 'bash', 'busybox']).default('dash'))
  .option('--sample <number>', 'no more than so many steps, chosen by the seed', number)
  .option('--seed <number>', 'which steps a sample has', number, 1)
  .option('--list', 'say what the steps are, and strike at none')
  .parse(scriptArgs(import.meta.url), { from: 'user' })

/**
 * @typedef {{ readonly fault: { readonly name: string }, readonly number: number, readonly what: string }} Point
 * @typedef {{
 *   points: readonly Point[], title: string, again: (point: any) => string,
 *   strike: (point: any) => Promise<readonly string[]>, end: () => unknown
 * }} Bench
 */

const { only, step, shell, sample, seed, list, lab } = program.opts()
const faults = lab ? inLab.labFaults : onThisMachine.faults
for (const name of only ?? [])
  if (!faults.some(fault => fault.name === name)) program.error(`error: ${name} is not a fault.`)
const bench = await (lab ? ofLab(lab) : ofThisMachine())
try {
  if (bench.points.length === 0) throw new Error('there is no such step: --list says which there are')
  if (list) say(bench)
  else await strike(bench)
} finally {
  await bench.end()
}
process.exit()

/** @returns {Promise<Bench>} */
async function ofThisMachine() {
  await ensureCommands({ strace: 'strace', busybox: 'busybox', nsenter: 'util-linux' })
  const opened = await onThisMachine.openBench(shell)
  return {
    points: onThisMachine.pointsOf(opened, { only, step, sample, seed }),
    title: shell,
    again: point => `${onThisMachine.againOf(point)} --shell ${shell}`,
    strike: point => onThisMachine.strikeAt(opened, point),
    end: opened.end,
  }
}

/**
 * @param {import('../test/lab/faults/index.ts').ScenarioName} name
 * @returns {Promise<Bench>}
 */
async function ofLab(name) {
  const opened = await inLab.openLabBench(name)
  return {
    points: inLab.labPointsOf(opened, { only, step, sample, seed }),
    title: opened.scenario.title,
    again: point => inLab.labAgainOf(name, point),
    strike: point => inLab.strikeInLab(opened, point),
    end: async () => {
      await opened.end()
      await labDown({ name: process.env.ROTA_TEST_LAB })
    },
  }
}

/** @param {Bench} bench */
function say({ points }) {
  for (const fault of faults)
    for (const { number, what } of points.filter(point => point.fault === fault).sort((a, b) => a.number - b.number))
      console.log(`${fault.name} ${number}: ${what}`)
}

/** @param {Bench} bench */
async function strike({ points, title, again, strike: strikeAt }) {
  /** @type {Map<string, { steps: number, failed: number, seconds: number }>} */
  const rows = new Map()
  // Also of what has been struck at until it was interrupted.
  process.once('exit', () => print(rows, points, title))
  process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143))
  for (const [index, point] of points.entries()) {
    const { fault, number, what } = point
    const row = rows.get(fault.name) ?? { steps: 0, failed: 0, seconds: 0 }
    rows.set(fault.name, row)
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${index + 1}/${points.length} ${fault.name} ${number}`)
    const started = Date.now()
    const wrong = await strikeAt(point)
    row.steps += 1
    row.seconds += (Date.now() - started) / 1000
    if (wrong.length === 0) continue
    row.failed += 1
    process.exitCode = 2
    console.log(`${chalk.red('failed')} ${fault.name} ${number}: ${what}`)
    for (const problem of wrong) console.log(`       ${problem}`)
    console.log(`       ${again(point)}`)
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
}

/**
 * @param {ReadonlyMap<string, { steps: number, failed: number, seconds: number }>} rows
 * @param {readonly Point[]} points
 * @param {string} title
 */
function print(rows, points, title) {
  console.log(`\n${title}, seed ${seed}\n${'fault'.padEnd(13)}  steps  struck  failed  seconds`)
  for (const [name, { steps, failed, seconds }] of rows) {
    const all = points.filter(({ fault }) => fault.name === name).length
    const [counts, time] = [[all, steps, failed], seconds.toFixed(0).padStart(7)]
    console.log(
      [name.padEnd(13), String(counts[0]).padStart(5), ...counts.slice(1).map(n => String(n).padStart(6)), time].join(
        '  ',
      ),
    )
  }
}
