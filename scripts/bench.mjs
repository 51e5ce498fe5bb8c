#!/usr/bin/env zx
// @ts-check
// How fast Rota is beside other tools, and beside what ssh alone costs, on hosts of the lab. Nothing is asserted here.
import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { Command, InvalidArgumentError } from 'commander'
import { chalk, fs } from 'zx'
import { table } from './bench/columns.mjs'
import { compare } from './bench/compare.mjs'
import { large } from './bench/large.mjs'
import { many } from './bench/many.mjs'
import { modes } from './bench/modes.mjs'
import { nodesBench } from './bench/nodes.mjs'
import { plot } from './bench/plot.mjs'
import { reloadBench } from './bench/reload.mjs'
import { labName } from './bench/setup.mjs'
import { start } from './bench/start.mjs'
import { renderRows } from './bench/table.mjs'
import { tools } from './bench/tools/index.mjs'
import { windowsBench } from './bench/windows.mjs'
import { yamlBench } from './bench/yaml.mjs'
import { scriptArgs } from './lab/args.mjs'
import { LabError, labDown } from './lab/index.mjs'

/** @param {string} text */
const say = text => process.stderr.write(`${chalk.dim('bench:')} ${text}\n`)

/** @param {string} text */
const numbers = text => {
  if (!/^\d+(,\d+)*$/.test(text)) throw new InvalidArgumentError('numbers with commas are expected.')
  return text.split(',').map(Number)
}

/** @param {string} text */
const count = text => {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('a number is expected.')
  return Number(text)
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

/** @param {readonly (readonly string[])[]} rows */
const print = rows => console.log(`${machine()}\n\n${table(rows)}`)

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
  .option('--runs <number>', 'runs of each', count, 5)
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

program
  .command('start')
  .description('from the start of a playbook to the first ssh')
  .option('--runs <number>', 'runs of each', count, 15)
  .action(async options => {
    const rows = await start(options)
    print([
      ['what', 'seconds', 'best'],
      ...rows.map(({ what, seconds, best }) => [what, seconds.toFixed(3), best.toFixed(3)]),
    ])
  })

program
  .command('nodes')
  .description('CPU that a cluster of so many nodes costs before any host is asked')
  .option('--nodes <numbers>', 'how many', numbers, [1000, 10_000])
  .option('--runs <number>', 'runs of each', count, 3)
  .action(async options => {
    const rows = await nodesBench(options)
    print([
      ['what', 'nodes', 'cpu s', '× fewest'],
      ...rows.map(({ mode, nodes, cpu }) => [
        ...[mode, String(nodes), cpu.toFixed(1)],
        (cpu / (rows.find(row => row.mode === mode)?.cpu ?? cpu)).toFixed(1),
      ]),
    ])
  })

program
  .command('yaml')
  .description('what the quick reader of YAML inventories saves')
  .option('--nodes <numbers>', 'how many hosts', numbers, [100, 1000, 10_000])
  .option('--runs <number>', 'runs of each', count, 3)
  .action(options =>
    print([
      ['hosts', 'quick reader, cpu s', 'yaml package, cpu s', 'package ÷ quick'],
      ...yamlBench(options).map(({ nodes, quick, full }) => [
        ...[String(nodes), quick.toFixed(3), full.toFixed(3), (full / quick).toFixed(0)],
      ]),
    ]),
  )

program
  .command('reload')
  .description('what watching reloads until the daemons rest saves, beside a fixed watch of half a second')
  .option('--runs <number>', 'runs of each', count, 7)
  .option('--keep', 'leave the host up')
  .action(async options => {
    const { watched, fixed } = await reloadBench(options)
    print([
      ['until they rest, s', 'fixed, s', 'fixed − rest, s', 'fixed ÷ rest'],
      [watched.toFixed(2), fixed.toFixed(2), (fixed - watched).toFixed(2), (fixed / watched).toFixed(2)],
    ])
    if (!options.keep) await labDown({ name: labName })
  })

program
  .command('windows')
  .description('hosts of this machine in batches of four and in a window of four, where some take ten times as long')
  .option('--hosts <number>', 'how many', count, 20)
  .option('--seconds <number>', 'what a host takes that is not slow', count, 1)
  .option('--runs <number>', 'runs of each', count, 3)
  .action(async options => {
    const rows = await windowsBench(options)
    print([
      ['slow', 'batches, s', 'window, s', 'window ÷ batches'],
      ...rows.map(({ slow, batches, window }) => [
        ...[slow, batches.toFixed(1), window.toFixed(1)],
        (window / batches).toFixed(2),
      ]),
    ])
  })

program
  .command('many')
  .description('ten facts of very many hosts, beside ssh true to each')
  .option('--hosts <number>', 'how many', count, 1000)
  .option('--forks <numbers>', 'how many at once', numbers, [16, 32, 64])
  .option('--runs <number>', 'runs of each', count, 3)
  .action(async options => {
    const rows = await many(options, say)
    print([
      ['hosts', 'at once', 'tool', 'seconds', 'cpu s', 'MB', 'longest pause ms', 'p99 ms'],
      ...rows.map(({ hosts, forks, tool, wall, cpu, memory, pause, pause99 }) => [
        ...[String(hosts), String(forks), tool, wall.toFixed(1), cpu?.toFixed(1) ?? '-', (memory / 1e6).toFixed(0)],
        ...[pause?.toFixed(0) ?? '-', pause99?.toFixed(0) ?? '-'],
      ]),
    ])
  })

program
  .command('large')
  .description('one large file to many hosts, beside scp')
  .option('--hosts <number>', 'how many', count, 20)
  .option('--megabytes <number>', 'how large', count, 100)
  .option('--runs <number>', 'runs of each', count, 3)
  .option('--keep', 'leave the hosts up')
  .action(async options => {
    const rows = await large(options, say)
    print([
      ['what', 'seconds', 'start', 'MB/s', 'less start, × scp', 'cpu s', 'MB'],
      ...rows.map(({ what, wall, start, rate, ofScp, cpu, memory }) => [
        ...[what, wall.toFixed(1), start ? start.toFixed(2) : '-', rate?.toFixed(0) ?? '-'],
        ...[ofScp?.toFixed(2) ?? '-', cpu?.toFixed(1) ?? '-', memory ? (memory / 1e6).toFixed(0) : '-'],
      ]),
    ])
    if (!options.keep) await labDown({ name: labName })
  })

try {
  await program.parseAsync(scriptArgs(import.meta.url), { from: 'user' })
} catch (error) {
  if (!(error instanceof LabError)) throw error
  console.error(chalk.red(`bench: ${error.message}`))
  process.exitCode = 1
}
