// @ts-check
/** @import { Command } from './types.ts' */
/** @import { ControlGroup } from './cgroup.mjs' */
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { which } from 'zx'
import { measured } from './measure.mjs'

/**
 * Runs a command with an ssh that takes note of each start and of when the first was: how many processes, and how long
 * after the command's own start.
 * @param {Command} command
 * @param {string} dir
 * @param {ControlGroup | undefined} group
 */
export async function sshStarts(command, dir, group) {
  const bin = join(dir, 'bin')
  const log = join(dir, 'ssh.log')
  await mkdir(bin, { recursive: true })
  await rm(log, { force: true })
  await writeFile(join(bin, 'ssh'), `#!/bin/sh\ndate +%s%N >>'${log}'\nexec ${await which('ssh')} "$@"\n`)
  await chmod(join(bin, 'ssh'), 0o755)
  const started = Date.now()
  await measured({ ...command, env: { ...command.env, PATH: `${bin}:${process.env.PATH}` } }, group)
  const times = (await readFile(log, 'utf8').catch(() => '')).split('\n').filter(Boolean).map(Number)
  return {
    processes: times.length,
    first: times.length === 0 ? undefined : (Math.min(...times) / 1e6 - started) / 1000,
  }
}
