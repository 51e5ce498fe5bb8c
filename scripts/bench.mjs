#!/usr/bin/env zx
// @ts-check
// How fast Rota is beside other tools, and beside what ssh alone costs, on hosts of the lab. Nothing is asserted here.
import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { Command, InvalidArgumentError } from 'commander'
import { chalk, fs } from 'zx'
import { compare } from './bench/compare.mjs'
import { modes } from './bench/modes.mjs'
import { plot } from './bench/plot.mjs'
import { labName } from './bench/setup.mjs'
import { renderRows } from './bench/table.mjs'
import { tools } from './bench/tools/index.mjs'
import { scriptArgs } from './lab/args.mjs'
import { LabError, labDown } from './lab/index.mjs'

/** @param {string} text */
const say = text => process.stderr.write(`${chalk.dim('bench:')} ${text}\n`)

/** @param {string} text */
const numbers = text => {
  if (!/^\d+(,\d+)*$/.test(text)) throw new InvalidArgumentError('numbers with commas are expected.')
  return text.split(',').map(Number)
}

/** @param {readonly string[]} known @returns {(text: string) => readonly string[]} */
const someOf = known => text => {
  const names = text.split(',')
  const unknown = names.find(name => !known.includes(name))
  if (unknown !== undefined) throw new InvalidArgumentError(`${unknown} is not one of ${known.join(', ')}.`)
  return names
}

const toolNames = tools.map(({ name }) => name)
const modeNames = modes.map(({ name }) => name)

/** Where and when: figures mean nothing without. */
const machine = () => {
  const [cpu] = cpus()
  const ssh = execFileSync('sh', ['-c', 'ssh -V 2>&1']).toString().split(',')[0]
  return `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpu?.model ?? 'CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, controller and hosts on it; Node ${process.versions.node}, ${ssh}`
}

const program = new Command('scripts/bench.mjs')
  .description(
    'Measures Rota beside other tools on hosts of the lab: medians of runs in turn, and what each is to bare ssh.',
  )
  .configureOutput({ outputError: (text, write) => write(chalk.red(text)) })

program
  .command('compare', { isDefault: true })
  .description(`the same steps by every tool (${toolNames.join(', ')})`)
  .option('--hosts <numbers>', 'how many hosts', numbers, [1, 5, 20, 40])
  .option('--tools <names>', 'which tools', someOf(toolNames), toolNames)
  .option('--modes <names>', `what a run finds and does (${modeNames.join(', ')})`, someOf(modeNames), modeNames)
  .option('--rtt <numbers>', 'round trip times in milliseconds', numbers, [0])
  .option('--runs <number>', 'runs of each', value => Number(value), 5)
  .option('--json <file>', 'write the figures there')
  .option('--svg <file>', 'write a plot there')
  .option('--keep', 'leave the hosts up')
  .action(async options => {
    const rows = await compare(options, say)
    console.log(`${machine()}\n\n${renderRows(rows)}`)
    if (options.json) await fs.writeFile(options.json, `${JSON.stringify({ machine: machine(), rows }, null, 1)}\n`)
    if (options.svg) await fs.writeFile(options.svg, plot(rows, machine()))
    if (!options.keep) await labDown({ name: labName })
  })

try {
  await program.parseAsync(scriptArgs(import.meta.url), { from: 'user' })
} catch (error) {
  if (!(error instanceof LabError)) throw error
  console.error(chalk.red(`bench: ${error.message}`))
  process.exitCode = 1
}
