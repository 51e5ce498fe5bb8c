import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { cp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { suite } from 'uvu'
import { equal, match, ok } from 'uvu/assert'
import { keepNewest } from '../../engine/load/keep-newest.mjs'

/** A copy of the sources that may be edited, a playbook with a role in TypeScript, and a cache of its own. */
interface Copy {
  readonly dir: string
  readonly run: (
    args?: readonly string[],
    env?: Record<string, string>,
  ) => Promise<{ readonly exitCode: number | undefined; readonly all: string }>
  /** Names of the builds. */
  readonly builds: () => readonly string[]
}

const test = suite<Copy>('load')

test.before.each(async context => {
  const dir = mkdtempSync(join(tmpdir(), 'rota-load-'))
  const root = join(dir, 'rota')
  for (const part of ['engine', 'roles', 'package.json']) await cp(part, join(root, part), { recursive: true })
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'))
  mkdirSync(join(dir, 'own'))
  writeFileSync(join(dir, 'own', 'package.json'), '{"type":"module"}')
  mkdirSync(join(dir, 'own', 'node_modules'))
  symlinkSync(root, join(dir, 'own', 'node_modules', 'rota'))
  writeFileSync(join(dir, 'own', 'hosts.ini'), '[etcd]\nh1 ip=10.0.0.1\n')
  writeFileSync(join(dir, 'own', 'role.ts'), role)
  writeFileSync(join(dir, 'own', 'site.mjs'), playbook)
  const cache = join(dir, 'cache')
  Object.assign(context, {
    dir,
    run: async (args: readonly string[] = ['--list-tasks'], env: Record<string, string> = {}) => {
      const { exitCode, all } = await execa('node', ['site.mjs', '-i', 'hosts.ini', ...args], {
        cwd: join(dir, 'own'),
        env: { FORCE_COLOR: '0', XDG_CACHE_HOME: cache, XDG_STATE_HOME: join(dir, 'state'), ...env },
        all: true,
        reject: false,
      })
      return { exitCode, all }
    },
    builds: () =>
      readdirSync(join(cache, 'rota', 'build')).flatMap(name => readdirSync(join(cache, 'rota', 'build', name))),
  })
})

test.after.each(({ dir }) => rmSync(dir, { recursive: true }))

const role = `import { defineRole, file } from 'rota'
const mode: string = '0644'
export const motd = defineRole({
  name: 'motd',
  params: { type: 'object', properties: { text: { type: 'string', default: 'hello' } } },
  tasks: ({ params }) => {
    if (params.text === 'broken') throw new Error('a fault of the role')
    return [file({ path: '/etc/motd', content: params.text, mode })]
  },
})
`
const masters = `import { play, playbook } from 'rota'
import { etcd } from 'rota/roles'
await playbook('masters', [play('etcd', { hosts: 'etcd', roles: [etcd()] })])
`
const playbook = `import { play, playbook } from 'rota'
import { etchosts } from 'rota/roles'
const { motd } = await import('./role.ts')
await playbook('site', [
  play('first', { hosts: 'all', roles: [motd({ [process.env.PARAM ?? 'text']: process.env.TEXT ?? 'hello' })] }),
  play('second', { hosts: 'all', roles: [etchosts()] }),
])
`

test('an edit of the engine or of a role is what the next run runs', async ({ dir, run, builds }) => {
  match((await run()).all, 'motd: file /etc/motd')
  const first = builds()
  equal(first.length, 2, 'a build, and which one counts')
  equal((await run()).exitCode, 0)
  equal(builds(), first, 'nothing was compiled again')
  const file = join(dir, 'rota', 'engine', 'tasks', 'file.ts')
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('title: args => `file ${args.path}`', 'title: args => `the file ${args.path}`'),
  )
  match((await run()).all, 'motd: the file /etc/motd')
  equal(builds().length, 3)
  const hosts = join(dir, 'rota', 'roles', 'etchosts', 'role.ts')
  writeFileSync(hosts, readFileSync(hosts, 'utf8').replace("name: 'etchosts'", "name: 'etchosts-edited'"))
  match((await run()).all, 'etchosts-edited: ')
})

test('builds of checkouts that nobody has used for thirty days are removed, not the one that is used', async ({
  dir,
  run,
}) => {
  equal((await run()).exitCode, 0)
  const all = join(dir, 'cache', 'rota', 'build')
  const [own = ''] = readdirSync(all)
  const longAgo = new Date(Date.now() - 40 * 24 * 60 * 60 * 1000)
  const old = (...names: readonly string[]) => utimesSync(join(all, ...names), longAgo, longAgo)
  for (const [name, isUsed] of [
    ['forgotten', false],
    ['used', true],
  ] as const) {
    mkdirSync(join(all, name))
    writeFileSync(join(all, name, 'current.json'), '{}')
    if (!isUsed) old(name, 'current.json')
    old(name)
  }
  old(own, 'current.json')
  equal((await run()).exitCode, 0)
  ok(statSync(join(all, own, 'current.json')).mtimeMs > Date.now() - 60_000, 'a run says that it is used')
  equal(readdirSync(all).includes('forgotten'), true, 'only who builds removes')
  old(own, 'current.json')
  writeFileSync(join(dir, 'rota', 'engine', 'tasks', 'names.ts'), readFileSync('engine/tasks/names.ts', 'utf8'))
  equal((await run()).exitCode, 0)
  equal([...readdirSync(all)].sort(), [own, 'used'].sort())
})

test('what can be made again is kept up to a number, the newest, also while others remove it', async ({ dir, run }) => {
  const at = join(dir, 'cache', 'rota', 'validators')
  mkdirSync(at, { recursive: true, mode: 0o700 })
  const longAgo = new Date(Date.now() - 1000 * 60 * 60)
  for (let index = 0; index < 600; index += 1) {
    writeFileSync(join(at, `old-${index}.js`), '')
    utimesSync(join(at, `old-${index}.js`), longAgo, longAgo)
  }
  const runs = await Promise.all([run(), run()])
  for (const { exitCode, all } of runs) equal(exitCode, 0, all)
  const left = readdirSync(at)
  ok(left.length <= 500, `${left.length} are left`)
  ok(
    left.some(name => !name.startsWith('old-')),
    'the new ones are kept',
  )
  keepNewest(at, 1)
  equal(readdirSync(at).length, 1)
})

test('runs at the same time do not disturb each other, and sources that do not compile say so', async ({
  dir,
  run,
}) => {
  const runs = await Promise.all([run(), run(), run()])
  for (const { exitCode, all } of runs) {
    equal(exitCode, 0, all)
    match(all, 'motd: file /etc/motd')
  }
  writeFileSync(join(dir, 'rota', 'engine', 'tasks', 'file.ts'), 'export const file = (')
  const { exitCode, all } = await run()
  equal(exitCode, 1)
  match(all, /tasks\/file\.ts:1:\d+/)
})

test('without a place for it the sources run as they are, also when they are asked for', async ({ run, builds }) => {
  match((await run(undefined, { XDG_CACHE_HOME: '/dev/null/none' })).all, 'motd: file /etc/motd')
  match((await run(undefined, { ROTA_SOURCES: '1' })).all, 'motd: file /etc/motd')
  try {
    ok(builds().length === 0)
  } catch (error) {
    equal((error as NodeJS.ErrnoException).code, 'ENOENT')
  }
})

test('errors name the place in the playbook, in its TypeScript and in ours', async ({ run }) => {
  for (const _ of ['compiled just now', 'compiled before']) {
    match(
      (await run([], { PARAM: 'txt' })).all,
      /error site\.mjs:5:41: role motd has no param txt\n\s+did you mean text\?/,
    )
    const { all } = await run([], { TEXT: 'broken' })
    match(all, /role\.ts:7:\d+\)/)
    match(all, /engine\/plan\/[\w-]+\.ts:\d+:\d+/)
  }
})

test('a static import of a role in TypeScript is read: rota run, and node --import rota/register', async ({ dir }) => {
  const own = join(dir, 'own')
  writeFileSync(
    join(own, 'static.mjs'),
    playbook.replace("const { motd } = await import('./role.ts')", "import { motd } from './role.ts'"),
  )
  for (const before of [
    ['--import', 'rota/register'],
    [join(dir, 'rota/engine/bin.mjs'), 'run'],
  ]) {
    const { exitCode, all } = await execa('node', [...before, 'static.mjs', '-i', 'hosts.ini', '--list-tasks'], {
      cwd: own,
      env: { XDG_CACHE_HOME: join(dir, 'cache'), XDG_STATE_HOME: join(dir, 'state') },
      all: true,
      reject: false,
    })
    equal(exitCode, 0, all)
    match(all, 'motd: file /etc/motd')
  }
})

test('a package that is imported when it is needed has its names: certificates are made', async ({ dir, run }) => {
  writeFileSync(join(dir, 'own', 'site.mjs'), masters)
  const { exitCode, all } = await run()
  equal(exitCode, 0, all)
  match(all, 'etcd: ')
})

test.run()
