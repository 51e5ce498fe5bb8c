// @ts-check
/** @import { Setup, Target, Tool } from '../types.ts' */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { floorScript } from '../floor.mjs'
import { plainSsh } from '../plain-ssh.mjs'

/**
 * One plain ssh.
 * @param {Setup} setup
 * @param {Target} target
 * @param {string} remote
 */
function ssh({ dir, key, knownHosts }, { address, port }, remote) {
  return [
    ...plainSsh({ key, knownHosts, port }),
    // A connection that is there is used; none is kept, unless `warm` has made it.
    ...['-o', `ControlPath=${join(dir, 'floor', '%C')}`, '-o', 'ControlMaster=no', '-T'],
    `root@${address}`,
    remote,
  ]
}

/**
 * The same on every host, all at once, from one shell.
 * @param {Setup} setup
 * @param {string} name
 * @param {(target: Target) => string} line
 */
async function together(setup, name, line) {
  await mkdir(join(setup.dir, 'floor'), { recursive: true })
  const file = join(setup.dir, `${name}.sh`)
  const lines = setup.targets.map(target => `${line(target)} & pids="$pids $!"`)
  await writeFile(file, [...lines, 'for p in $pids; do wait $p || code=$?; done', 'exit ${code:-0}', ''].join('\n'))
  return { words: ['sh', file] }
}

/** @param {string} word */
const quote = word => `'${word.replaceAll("'", "'\\''")}'`

/** @param {readonly string[]} words */
const line = words => words.map(quote).join(' ')

/** @type {Tool['warm']} */
const warm = setup =>
  together(setup, 'warm', target => {
    const words = ssh(setup, target, 'true')
    const master = words.map(word => (word === 'ControlMaster=no' ? 'ControlMaster=auto' : word))
    return `${line([...master.slice(0, 1), '-o', 'ControlPersist=60s', ...master.slice(1)])} </dev/null >/dev/null 2>&1`
  })

/** A connection and nothing else. @type {Tool} */
export const sshTrue = {
  name: 'ssh true',
  connectsOnly: true,
  warm,
  run: setup => together(setup, 'true', target => `${line(ssh(setup, target, 'true'))} </dev/null`),
}

/** @type {Tool} */
export const floor = {
  name: 'floor',
  warm,
  run: async (setup, upstreams) => {
    const script = join(setup.dir, `floor-${upstreams}.txt`)
    await writeFile(script, await floorScript(setup, upstreams))
    return together(setup, 'floor', target => `${line(ssh(setup, target, 'sh -s'))} <${quote(script)} >/dev/null`)
  },
}
