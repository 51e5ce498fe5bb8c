// @ts-check
import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const root = '/sys/fs/cgroup'

/**
 * A control group that a command and all it leaves behind (ssh's masters) live in: their CPU time and memory are
 * counted by the kernel. On a machine that lets us make none, nothing is counted.
 * @param {string} name
 */
export function controlGroup(name) {
  const unified = existsSync(join(root, 'cgroup.controllers'))
  const dirs = (unified ? [root] : [join(root, 'cpuacct'), join(root, 'memory')]).map(dir => join(dir, name))
  try {
    for (const dir of dirs) mkdirSync(dir, { recursive: true })
  } catch {
    return undefined
  }
  const [cpu = '', memory = cpu] = dirs
  /** @param {string} file @param {string} key */
  const field = (file, key) => Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(readFileSync(file, 'utf8'))?.[1] ?? 0)
  const pids = () => readFileSync(join(cpu, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number)
  return {
    /** Files that a process writes its number into to be counted. */
    entrances: dirs.map(dir => join(dir, 'cgroup.procs')),
    /** CPU seconds so far. */
    cpu: () =>
      unified
        ? field(join(cpu, 'cpu.stat'), 'usage_usec') / 1e6
        : Number(readFileSync(join(cpu, 'cpuacct.usage'), 'utf8')) / 1e9,
    /** Bytes of memory that belongs to no file, now. */
    memory: () => field(join(memory, 'memory.stat'), unified ? 'anon' : 'total_rss'),
    /** Ends what is left of it: the masters of warm connections. */
    empty: async () => {
      for (let tries = 0; tries < 100; tries += 1) {
        const left = pids()
        if (left.length === 0) return
        for (const pid of left) endProcess(pid)
        await sleep(20)
      }
      throw new Error(`${name}: processes that do not end: ${pids().join(' ')}`)
    },
    remove: () => {
      for (const dir of dirs) rmdirSync(dir)
    },
  }
}

/** @param {number} pid */
function endProcess(pid) {
  try {
    process.kill(pid, 'SIGTERM')
  } catch {
    // It has ended by itself.
  }
}

/** @typedef {NonNullable<ReturnType<typeof controlGroup>>} ControlGroup */
