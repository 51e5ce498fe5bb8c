// @ts-check
/** @import { Setup, Tool } from './types.ts' */
/** @import { Row } from './table.mjs' */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { controlGroup } from './cgroup.mjs'
import { sshStarts } from './count.mjs'
import { measured, median } from './measure.mjs'
import { applies, modes, usual } from './modes.mjs'
import { relayAddress } from './relay.mjs'
import { rounds } from './rounds.mjs'
import { benchLab, setUp } from './setup.mjs'
import { tools } from './tools/index.mjs'

const relayPort = 7722

/** Seconds from which on a tool's runs are not repeated to count its processes. */
const slow = 10

/**
 * The same steps by every tool, on 1, 5, … hosts.
 * @param {object} wanted
 * @param {readonly number[]} wanted.hosts
 * @param {readonly string[]} wanted.tools
 * @param {readonly string[]} wanted.modes
 * @param {readonly number[]} wanted.rtt
 * @param {number} wanted.runs
 * @param {(text: string) => void} say
 * @returns {Promise<readonly Row[]>}
 */
export async function compare(wanted, say) {
  const chosen = await available(wanted.tools, say)
  const lab = await benchLab(Math.max(...wanted.hosts))
  // Short, for the sockets in it.
  const base = await mkdtemp(join(tmpdir(), 'rb-'))
  const group = controlGroup(`rota-bench-${process.pid}`)
  if (!group) say('no control group can be made here: CPU time and memory are not measured')
  /** @type {Row[]} */
  const rows = []
  try {
    for (const rtt of wanted.rtt) {
      const relay = rtt > 0 ? await startRelay(rtt, lab.hosts) : undefined
      try {
        for (const count of wanted.hosts) {
          const address = (/** @type {number} */ index) => ({ address: relayAddress(index), port: relayPort })
          const setup = await setUp(lab, base, count, relay && address)
          const hosts = lab.hosts.slice(0, count)
          const able = await converge(setup, chosen, group, say)
          const starts = await counted(setup, able, group)
          for (const mode of modes.filter(({ name }) => wanted.modes.includes(name))) {
            // A first run takes minutes of apt: one is enough to tell.
            const runs = mode.fresh ? 1 : wanted.runs
            const found = await rounds({ setup, hosts, tools: [...able.keys()], mode, runs, group, say })
            for (const [tool, figures] of found)
              rows.push(rowOf({ hosts: count, rtt, mode: mode.name }, tool, figures, starts.get(tool)))
          }
        }
      } finally {
        relay?.kill()
      }
    }
  } finally {
    await group?.empty()
    group?.remove()
    await rm(base, { recursive: true, force: true })
  }
  return rows
}

/** @param {readonly string[]} names @param {(text: string) => void} say */
async function available(names, say) {
  /** @type {Tool[]} */
  const found = []
  for (const tool of tools.filter(({ name }) => names.includes(name))) {
    const missing = await tool.missing?.()
    if (missing === undefined) found.push(tool)
    else say(`${tool.name} is left out: ${missing}`)
  }
  return found
}

/**
 * A run of each, unmeasured: what it keeps for later runs (compiled files, known hosts) is there, and the hosts are as
 * they shall be. A tool that fails is left out. Tells of each whether it is quick.
 * @param {Setup} setup
 * @param {readonly Tool[]} chosen
 * @param {ReturnType<typeof controlGroup>} group
 * @param {(text: string) => void} say
 */
async function converge(setup, chosen, group, say) {
  /** @type {Map<Tool, boolean>} */
  const able = new Map()
  for (const tool of chosen) {
    try {
      const { wall } = await measured(await tool.run(setup, usual), group)
      able.set(tool, wall < slow)
    } catch (error) {
      if (tool.name === 'rota' || tool.name === 'floor') throw error
      say(`${tool.name} is left out: ${error instanceof Error ? error.message : error}`)
    }
  }
  return able
}

/**
 * Only of those that are quick.
 * @param {Setup} setup
 * @param {ReadonlyMap<Tool, boolean>} able
 * @param {ReturnType<typeof controlGroup>} group
 */
async function counted(setup, able, group) {
  /** @type {Map<Tool, { processes: number, first: number | undefined }>} */
  const found = new Map()
  const [cold] = modes.filter(mode => !mode.warm && !mode.fresh)
  for (const tool of able.keys()) {
    if (!cold || !applies(tool, cold) || !able.get(tool)) continue
    const runs = []
    for (let run = 0; run < 5; run += 1) {
      await group?.empty()
      runs.push(await sshStarts(await tool.run(setup, usual), setup.dir, group))
    }
    const firsts = runs.flatMap(({ first }) => first ?? [])
    found.set(tool, { processes: runs[0]?.processes ?? 0, first: firsts.length > 0 ? median(firsts) : undefined })
  }
  return found
}

/**
 * @param {Pick<Row, 'hosts' | 'rtt' | 'mode'>} where
 * @param {Tool} tool
 * @param {readonly import('./types.ts').Figures[]} figures
 * @param {{ processes: number, first: number | undefined } | undefined} starts
 * @returns {Row}
 */
function rowOf(where, tool, figures, starts) {
  const walls = figures.map(({ wall }) => wall)
  const cpus = figures.flatMap(({ cpu }) => cpu ?? [])
  const memories = figures.flatMap(({ memory }) => memory ?? [])
  return {
    ...where,
    tool: tool.name,
    wall: median(walls),
    walls,
    ...(cpus.length > 0 ? { cpu: median(cpus) } : {}),
    ...(memories.length > 0 ? { memory: Math.max(...memories) } : {}),
    ...(starts ? { processes: starts.processes } : {}),
    ...(starts?.first === undefined ? {} : { start: starts.first }),
  }
}

/** @param {number} rtt @param {readonly { ip: string }[]} hosts */
async function startRelay(rtt, hosts) {
  const script = fileURLToPath(new URL('relay.mjs', import.meta.url))
  const child = spawn(process.execPath, [script, String(rtt), String(relayPort), ...hosts.map(({ ip }) => ip)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve)
    child.once('exit', () => reject(new Error('the relay did not start')))
  })
  return child
}
