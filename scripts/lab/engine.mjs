// @ts-check
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { $, sleep } from 'zx'
import { ensureCommands } from './apt.mjs'
import { withLock } from './lock.mjs'
import { cacheDir } from './paths.mjs'
import { LabError, say } from './say.mjs'

const pidFile = () => join(cacheDir(), 'dockerd.pid')
const logFile = () => join(cacheDir(), 'dockerd.log')

export const engineAnswers = async () =>
  (await $({ nothrow: true, quiet: true })`docker info --format {{.ServerVersion}}`).ok

/** A Docker engine that answers: the one that runs, else the system's service, else a dockerd of the lab's own. */
export async function ensureEngine() {
  if (await engineAnswers()) return
  await ensureCommands({ docker: 'docker.io', dockerd: 'docker.io', iptables: 'iptables' })
  await withLock(join(cacheDir(), 'engine.lock'), 'the Docker engine', async () => {
    if (await engineAnswers()) return
    if (await startService()) return
    await startOwn()
  })
}

/** With systemd in charge the packaged service is the right engine to start. */
async function startService() {
  const init = await readFile('/proc/1/comm', 'utf8').catch(() => '')
  if (init.trim() !== 'systemd') return false
  say('starting the Docker engine (systemctl start docker)')
  await $({ nothrow: true })`systemctl start docker`
  return answersWithin(30)
}

async function startOwn() {
  if (process.getuid?.() !== 0) throw new LabError('no Docker engine answers, and starting one needs root')
  say(`starting dockerd (log ${logFile()})`)
  await mkdir(cacheDir(), { recursive: true })
  const log = openSync(logFile(), 'a')
  // Detached and with stdio of its own: the engine outlives this script and its terminal.
  spawn('dockerd', ['--pidfile', pidFile()], { detached: true, stdio: ['ignore', log, log] }).unref()
  closeSync(log)
  if (await answersWithin(60)) return
  const tail = (await $({ nothrow: true, quiet: true })`tail -n 5 ${logFile()}`).stdout
  throw new LabError(`dockerd did not answer within 60 s; the end of ${logFile()}:\n${tail}`)
}

const sharesFile = '/sys/fs/cgroup/cpu/docker/cpu.shares'

/**
 * With version 1 of control groups all containers together weigh as much as one process of this machine (1024): while
 * some of these are at work, an API server does not answer for seconds. All hosts weigh as much as four then. What
 * somebody has set stays.
 */
export async function hostsHaveTheirShare() {
  const now = await readFile(sharesFile, 'utf8').catch(() => '')
  if (now.trim() === '1024') await writeFile(sharesFile, '4096').catch(() => {})
}

/** @param {number} seconds */
async function answersWithin(seconds) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(200)) {
    if (await engineAnswers()) return true
  }
  return false
}

/** Stops the dockerd that the lab started, by its pid; any other engine is not ours to stop. */
export async function stopEngine() {
  const pid = Number(await readFile(pidFile(), 'utf8').catch(() => ''))
  const command = pid ? await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '') : ''
  if (command.trim() !== 'dockerd') return false
  process.kill(pid, 'SIGTERM')
  for (let i = 0; i < 150 && (await engineAnswers()); i++) await sleep(100)
  say(`stopped dockerd (pid ${pid})`)
  return true
}
