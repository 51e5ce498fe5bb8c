#!/usr/bin/env zx
// @ts-check
import { readFile, writeFile } from 'node:fs/promises'
import { Command, InvalidArgumentError } from 'commander'
import { chalk } from 'zx'
import { scriptArgs } from './lab/args.mjs'
import { LabError, labInfo } from './lab/index.mjs'
import { defaultKinds, labPaths, parsePath, renderTable, startProbe, verdict } from './probe/index.mjs'

/** @param {string} text */
const positive = text => {
  if (!(Number(text) > 0)) throw new InvalidArgumentError('a positive number is expected.')
  return Number(text)
}

const units = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3600],
])

/** @param {string} text */
const seconds = text => {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)([smh])?$/.exec(text) ?? []
  if (number === undefined) throw new InvalidArgumentError('a time such as 30s or 5m is expected.')
  return Number(number) * (units.get(unit) ?? 1)
}

const program = new Command('scripts/probe.mjs')
  .description('Asks an API over and over, on every path a client may take, and counts what fails.')
  .option('--path <name=URL>', 'a path to probe, name@host=URL from inside a host of the lab; repeatable', collect, [])
  .option('--lab [name]', "the lab's paths (each node's 127.0.0.1, the VIP), unless --path is given")
  .option('--node-url <url>', "with --lab: the nodes' own address of the API", 'https://127.0.0.1:6443')
  .option('--vip-port <port>', 'with --lab: the port on the VIP', positive, 8443)
  .option('--ca <file>', 'the CA that must have signed the served certificates')
  .option('--cert <file>', 'client certificate')
  .option('--key <file>', 'its key')
  .option('--token-file <file>', 'bearer token')
  .option('--server-name <name>', "the name to expect in the certificate instead of the URL's")
  .option('--kind <kind...>', 'what to ask, and whether on a new or a kept connection', defaultKinds)
  .option('--rate <n>', 'requests per second of each path and kind', positive, 20)
  .option('--timeout <time>', 'when a request counts as failed', seconds, 5)
  .option('--duration <time>', 'stop after this time (default: on Ctrl-C)', seconds)
  .option('--json <file>', 'write the table there as JSON')
  .option('--strict', 'failures on kept connections also make the exit code 2')
  .option('--no-expect-zero', 'exit 0 whatever failed')

/** @param {string} text @param {string[]} before */
function collect(text, before) {
  return [...before, text]
}

/** @param {{ path: string[], lab?: string | true, nodeUrl?: string, vipPort?: number }} options */
async function choosePaths({ path, lab, nodeUrl, vipPort }) {
  const info = lab ? await labInfo(lab === true ? 'lab' : lab) : undefined
  if (path.length === 0 && info) return labPaths(info, { nodeUrl, vipPort })
  if (path.length === 0) throw new LabError('name what to probe: --lab, or --path name=URL')
  return path.map(parsePath).map(({ name, host, url }) => {
    if (!host) return { name, url }
    const found = info?.hosts.find(candidate => candidate.name === host)
    if (!found)
      throw new LabError(`path ${name}: ${info ? 'the lab has no host' : '--lab is needed to reach the host'} ${host}`)
    return { name, url, container: found.container }
  })
}

/**
 * The first Ctrl-C ends the probe in good order, a second one ends the script.
 * @param {number | undefined} duration
 */
const stopped = duration =>
  new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve)
    // Not a reason to stay: when the probe breaks off, the script ends with it.
    if (duration) setTimeout(resolve, duration * 1000).unref()
  })

async function main() {
  /** @type {Parameters<typeof choosePaths>[0] & Record<string, any>} */
  const options = program.parse(scriptArgs(import.meta.url), { from: 'user' }).opts()
  /** @param {string | undefined} file */
  const text = async file => (file ? await readFile(file, 'utf8') : undefined)
  const paths = await choosePaths(options)
  const probe = await startProbe({
    paths,
    kinds: options.kind,
    rate: options.rate,
    timeoutMs: options.timeout * 1000,
    ca: await text(options.ca),
    cert: await text(options.cert),
    key: await text(options.key),
    token: (await text(options.tokenFile))?.trim(),
    serverName: options.serverName,
  })
  const started = new Date()
  console.error(`probing ${paths.map(({ name }) => name).join(', ')}`)
  await Promise.race([stopped(options.duration), probe.ended])
  const rows = await probe.stop()
  const { requests, failures, silent } = verdict(rows, { strict: options.strict })
  console.log(renderTable(rows))
  console.log(`\n${requests} requests in ${Math.round((Date.now() - started.getTime()) / 1000)} s, ${failures} failed`)
  if (silent.length > 0) console.log(chalk.red(`never asked: ${silent.join(', ')}`))
  if (options.json) await writeFile(options.json, `${JSON.stringify({ started, ended: new Date(), rows }, null, 2)}\n`)
  return options.expectZero && (failures > 0 || silent.length > 0) ? 2 : 0
}

try {
  process.exit(await main())
} catch (error) {
  const unreadable = error instanceof Error && 'code' in error && error.code === 'ENOENT'
  if (!(error instanceof LabError) && !unreadable) throw error
  console.error(chalk.red(`probe: ${error.message}`))
  process.exitCode = 1
}
