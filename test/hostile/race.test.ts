import { spawn } from 'node:child_process'
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { planStage } from '../../engine/plan/work.ts'
import { blob, type Shell, sh } from '../../engine/shell/shell.ts'
import { absent, archive, directory, download, file, lineInFile, link } from '../../engine/tasks/index.ts'
import type { Task } from '../../engine/tasks/task.ts'
import type { ShellChannel } from '../../engine/transport/channel.ts'
import { shells, withChannel } from '../unit/program/shells.ts'
import { base, nobody, stateOf, type Victim, victim } from './victim.ts'

/**
 * A process of `nobody` that never rests: whatever root works on in its folder it replaces, again and again, by links
 * to root's files and directories; each name that root makes there it takes away and plants a link under.
 */
const attacker = `
const fs = require('node:fs')
const { H: home, E: etc, STOP: stop } = process.env
const attempt = what => { try { what(); return true } catch { return false } }
const shadow = etc + '/shadow'
let swaps = 0, taken = 0, number = 0
const away = path => attempt(() => fs.renameSync(path, home + '/.away' + number++ % 50))
const plant = (path, target) => { away(path); attempt(() => fs.rmSync(path, { recursive: true, force: true })); if (attempt(() => fs.symlinkSync(target, path))) swaps++ }
const hunt = folder => {
  let names = []
  attempt(() => { names = fs.readdirSync(folder) })
  for (const name of names) {
    if (!name.includes('rota-')) continue
    const path = folder + '/' + name
    attempt(() => {
      const there = fs.lstatSync(path)
      if (there.isSymbolicLink()) return
      if (!away(path)) return
      taken++
      if (there.isFile()) {
        if (!attempt(() => fs.linkSync(shadow, path))) fs.symlinkSync(shadow, path)
      } else if (taken % 2) fs.symlinkSync(etc, path)
      else { fs.mkdirSync(path); fs.symlinkSync(shadow, path + '/new') }
    })
  }
}
const plain = path => { away(path); attempt(() => fs.mkdirSync(path)) }
while (!fs.existsSync(stop)) {
  for (const name of ['key', 'rc', 'tool', 'a.tar']) {
    hunt(home)
    if (number % 3) plant(home + '/' + name, shadow)
    else { plant(home + '/' + name, etc) }
    hunt(home)
    attempt(() => { fs.rmSync(home + '/' + name); fs.writeFileSync(home + '/' + name, 'mine\\n') })
  }
  for (const name of ['dir', 'made']) {
    plain(home + '/' + name)
    hunt(home)
    hunt(home + '/' + name)
    plant(home + '/' + name, etc)
    hunt(home)
  }
  if (number % 200 < 10) attempt(() => { for (const name of fs.readdirSync(home)) if (/^.away|rota-/.test(name)) fs.rmSync(home + '/' + name, { recursive: true, force: true }) })
}
console.log(JSON.stringify({ swaps, taken }))
`

interface Score {
  readonly swaps: number
  readonly taken: number
}

/** Runs `use` while the attacker is at work, and says how much that was. */
async function attacked(it: Victim, use: () => Promise<void>): Promise<Score> {
  const stop = join(it.dir, 'stop')
  const words = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', process.execPath, '-e', attacker]
  const child = spawn('setpriv', words, {
    env: { H: it.home, E: it.etc, STOP: stop },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', chunk => {
    said += chunk
  })
  const ended = new Promise(resolve => child.once('close', resolve))
  try {
    while (!existsSync(join(it.home, 'rc')) && child.exitCode === null) await sleep(5)
    await use()
  } finally {
    writeFileSync(stop, '')
    await ended
  }
  return JSON.parse(said)
}

/** What root does in the folder of a user. */
const work = ({ home, etc }: Victim, round: number, url: string): readonly Task[] => [
  file({ path: join(home, 'key'), content: `key ${round}\n`, owner: 'nobody', mode: round % 2 ? '0600' : '0644' }),
  file({ path: join(home, 'dir/conf'), content: `${round}\n`, owner: 'nobody' }),
  file({ path: join(home, 'dir/shadow'), content: `${round}\n`, owner: 'nobody' }),
  directory({ path: join(home, 'made'), owner: 'nobody', mode: round % 2 ? '0755' : '0777' }),
  directory({ path: join(home, `made/a${round}`), owner: 'nobody' }),
  link({ path: join(home, 'dir/link'), target: `x${round}` }),
  absent({ path: [join(home, 'dir/sshd_config'), join(home, 'dir/shadow'), join(home, 'made')] }),
  lineInFile({ path: join(home, 'rc'), line: `line ${round}`, mode: '0644' }),
  download({ path: join(home, 'tool'), url, sha256: 'unchecked', owner: 'nobody', mode: round % 2 ? '0700' : '0755' }),
  archive({ path: join(etc, 'sshd_config'), destination: join(home, 'a.tar'), owner: 'nobody' }),
]

/**
 * Probe, plan and apply each for itself, for whoever is disturbed: gives how many changes were begun, and how many were
 * made.
 */
async function round(channel: ShellChannel, tasks: readonly Task[]): Promise<readonly [number, number]> {
  const facts = await channel.probe(tasks.flatMap(task => task.kind.facts(task.args, { diff: true })))
  let begun = 0
  let made = 0
  for (const task of tasks) {
    const change = task.kind.plan(task.args, facts, { changed: true, diff: true })
    if (change === undefined || change.refused !== undefined) continue
    begun += 1
    const { failed } = await channel.apply({ run: 'r', items: [{ id: 1, script: change.apply, owes: [] }] }, () => {})
    if (failed === undefined) made += 1
  }
  return [begun, made]
}

const server = createServer((_, response) => response.end('tool')).listen(0, '127.0.0.1')
await new Promise(resolve => server.once('listening', resolve))
test.after(() => {
  server.close()
})
const { port } = server.address() as { readonly port: number }

for (const [name, shell] of shells(base)) {
  if (name === 'bash') continue
  const wanted = name === 'dash' ? 500 : 100
  test(`in ${wanted} writes of root in a folder of his, a user who swaps what he can leads none elsewhere (${name})`, async () => {
    const it = victim()
    const before = stateOf(it)
    let writes = 0
    let successes = 0
    const score = await attacked(it, () =>
      withChannel(shell, { stateDir: it.stateDir }, async channel => {
        // How often he wins is a matter of the machine's cores: some more are tried until root has won some too.
        for (let number = 0; writes < wanted || (successes <= 5 && writes < 20 * wanted); number += 1) {
          const [begun, made] = await round(channel, work(it, number, `http://127.0.0.1:${port}/`))
          writes += begun
          successes += made
          assert.equal(stateOf(it), before, `round ${number}`)
        }
      }),
    )
    assert.ok(score.swaps > wanted, `he was at work: ${JSON.stringify(score)}`)
    assert.ok(score.taken > 10, `he found names of root's: ${JSON.stringify(score)}`)
    assert.ok(successes > 5, `he kept root from all of it: ${successes} of ${writes}`)
    assert.equal(stateOf(it), before)
  })
}

const swapper = `
const fs = require('node:fs')
const { A: folder, E: etc, STOP: stop } = process.env
const attempt = what => { try { what() } catch {} }
while (!fs.existsSync(stop)) {
  for (let i = 0; i < 200; i++) {
    attempt(() => fs.symlinkSync(etc, folder + '/sub'))
    attempt(() => fs.unlinkSync(folder + '/sub'))
  }
}`

/**
 * How many of some rounds gave /etc away: in each a directory is opened to all, and one is made in it, by changes of
 * one program.
 */
async function lost(
  rounds: number,
  change: (it: Victim, opened: string, channel: ShellChannel) => Promise<readonly Shell[]>,
) {
  const it = victim()
  const [opened, stop] = [join(it.dir, 'srv'), join(it.dir, 'stop')]
  const words = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', process.execPath, '-e', swapper]
  const child = spawn('setpriv', words, { env: { A: opened, E: it.etc, STOP: stop }, stdio: 'inherit' })
  const ended = new Promise(resolve => child.once('close', resolve))
  let given = 0
  try {
    await withChannel(['/bin/sh'], { stateDir: it.stateDir }, async channel => {
      for (let round = 0; round < rounds && given === 0; round += 1) {
        // Not removed: he is at work in there.
        if (existsSync(opened)) renameSync(opened, `${opened}-${round}`)
        const scripts = await change(it, opened, channel)
        const items = scripts.map((script, id) => ({ id, script, owes: [] }))
        await channel.apply({ run: 'r', items }, () => {})
        if (statSync(it.etc).uid !== 0) given += 1
      }
    })
  } finally {
    writeFileSync(stop, '')
    await ended
  }
  return given
}

test('a directory that an earlier task of the stage opens to a user is his, in each of 100 attempts; told that it is kept, root loses', async () => {
  const planned = async (_: Victim, opened: string, channel: ShellChannel): Promise<readonly Shell[]> => {
    const tasks = [
      directory({ path: opened, mode: '0777' }),
      directory({ path: join(opened, 'sub'), owner: 'nobody', mode: '0700' }),
    ]
    const facts = await channel.probe(tasks.flatMap(task => task.kind.facts(task.args, { diff: false })))
    const stage = tasks.map((unit, id) => ({ id, role: 'r', unit, owes: [] }))
    return planStage(stage, facts, { changed: false, diff: false }).map(({ change }) => change.apply)
  }
  assert.is(await lost(100, planned), 0)
  // The same where no task of Rota's has made it: a package, or a command.
  const brought = async (_: Victim, opened: string, channel: ShellChannel): Promise<readonly Shell[]> => {
    const task = directory({ path: join(opened, 'sub'), owner: 'nobody', mode: '0700' })
    const facts = await channel.probe(task.kind.facts(task.args, { diff: false }))
    const change = task.kind.plan(task.args, facts, { changed: true, diff: false })
    return [sh`mkdir -m 0777 ${opened}`, change?.apply ?? sh`false`]
  }
  assert.is(await lost(100, brought), 0)
  const control = async (_: Victim, opened: string): Promise<readonly Shell[]> => [
    sh`rota_directory ${opened} 0777 '' '' kept`,
    sh`rota_directory ${join(opened, 'sub')} 0700 nobody '' kept`,
  ]
  assert.is(await lost(5000, control), 1, 'he did not win: the attack is none')
})

test('the same user wins against a file that is written beside its place, given away, and renamed', async () => {
  const it = victim()
  const before = JSON.stringify(stateOf(it))
  const path = join(it.home, 'key')
  let won = 0
  await attacked(it, () =>
    withChannel(['/bin/sh'], { stateDir: it.stateDir }, async channel => {
      for (let number = 0; won === 0 && number < 5000; number += 1) {
        const temporary = join(it.home, `.key.rota-${number}`)
        const script = sh`cat ${blob(`key ${number}`)} >${temporary}
chown nobody ${temporary}
chmod 0644 ${temporary}
mv -f ${temporary} ${path}`
        await channel.apply({ run: 'r', items: [{ id: 1, script, owes: [] }] }, () => {})
        if (JSON.stringify(stateOf(it)) !== before) won = number + 1
      }
    }),
  )
  assert.ok(won > 0, 'he did not win within 5000 writes: the attack is none')
  assert.not.equal(readFileSync(join(it.etc, 'shadow'), 'utf8'), '')
})

test.run()
