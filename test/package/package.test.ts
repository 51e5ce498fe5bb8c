import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, match, ok } from 'uvu/assert'

// The package as a user gets it: packed, installed into an empty repository, and used there on the oldest Node and on
// the newest one.
const dir = mkdtempSync(join(tmpdir(), 'rota-package-'))
const repository = join(dir, 'repository')
const nodes = join(dir, 'nodes')
const path = (name: string) => join(repository, name)
const at = (node: string) => join(nodes, 'node_modules', node, 'bin')

/** A command in the repository, and the node that everything finds which it starts. */
const run = async (node: string | undefined, command: string, ...args: readonly string[]) => {
  const { exitCode, all } = await execa(command, args, {
    cwd: repository,
    all: true,
    reject: false,
    timeout: 120_000,
    env: {
      XDG_CACHE_HOME: join(dir, 'cache'),
      XDG_STATE_HOME: join(dir, 'state'),
      NO_COLOR: '1',
      FORCE_COLOR: undefined,
      PATH: [...(node ? [at(node)] : []), path('node_modules/.bin'), process.env.PATH].join(delimiter),
    },
  })
  return { exitCode, all }
}
const succeeds = async (...args: Parameters<typeof run>) => {
  const { exitCode, all } = await run(...args)
  equal(exitCode, 0, `${args.join(' ')}\n${all}`)
  return all
}

test.before(async () => {
  mkdirSync(repository)
  mkdirSync(nodes)
  await execa('npm', ['pack', '--pack-destination', dir])
  const [tarball = ''] = readdirSync(dir).filter(name => name.endsWith('.tgz'))
  await succeeds(undefined, 'npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', join(dir, tarball))
  const binary = `node-linux-${process.arch}`
  await execa(
    'npm',
    ['install', '--prefix', nodes, '--no-audit', '--no-fund', `oldest@npm:${binary}@20`, `newest@npm:${binary}@latest`],
    { cwd: nodes },
  )
})
test.after(() => rmSync(dir, { recursive: true, force: true }))

test('the package has what it needs and nothing of tests, lab and bench', () => {
  const inside = (folder: string) => readdirSync(path(`node_modules/rota/${folder}`)).sort()
  equal(inside(''), ['LICENSE', 'README.md', 'dist', 'docs', 'engine', 'package.json', 'playbooks', 'roles'])
  equal(inside('engine'), ['bin.mjs', 'entry.mjs', 'load', 'program', 'report', 'transport'])
  equal(inside('engine/report/html'), ['client.css', 'client.js'])
  equal(inside('roles/lib/kubespray/releases'), readdirSync('roles/lib/kubespray/releases').sort())
  const maps = inside('dist').filter(name => name.endsWith('.map'))
  const texts = maps.flatMap(
    name => JSON.parse(readFileSync(path(`node_modules/rota/dist/${name}`), 'utf8')).sourcesContent,
  )
  ok(texts.length > 300 && texts.every(text => typeof text === 'string'), 'source maps hold the sources')
})

test('rota init writes a repository, and says what its package.json lacks', async () => {
  const said = await succeeds('oldest', 'rota', 'init')
  for (const name of ['inventory/hosts.ini', 'playbooks/site.mjs', 'roles/hello/role.ts', 'roles/hello/role.test.ts'])
    ok(existsSync(path(name)), name)
  const commands = said.split('\n').filter(line => /^ {2}npm (pkg|install)/.test(line))
  equal(commands.length, 2, said)
  await succeeds('oldest', 'sh', '-ec', commands.join('\n'))
  const { exitCode, all } = await run('oldest', 'rota', 'init')
  equal(exitCode, 1)
  match(all, /inventory\/hosts\.ini is there already[\s\S]*tsconfig\.json is there already/)
})

test('rota init in an empty folder writes a package.json that has it all', async () => {
  await succeeds('oldest', 'rota', 'init', join(dir, 'other'))
  const { type, scripts, dependencies, devDependencies } = JSON.parse(
    readFileSync(join(dir, 'other/package.json'), 'utf8'),
  )
  const own = JSON.parse(readFileSync(path('package.json'), 'utf8'))
  equal({ type, scripts }, { type: own.type, scripts: own.scripts })
  equal(Object.keys({ ...dependencies, ...devDependencies }).sort(), Object.keys(own.dependencies).sort())
})

test('types are clean with strict settings, and a wrong param is an error', async () => {
  await succeeds(undefined, 'tsc', '--noEmit')
  writeFileSync(
    path('roles/wrong.ts'),
    "import { hello } from './hello/role.ts'\nexport const call = hello({ text: 1 })\n",
  )
  const { exitCode, all } = await run(undefined, 'tsc', '--noEmit')
  rmSync(path('roles/wrong.ts'))
  equal(exitCode, 1)
  match(all, /wrong\.ts\(2,\d+\): error TS2322/)
})

for (const node of ['oldest', 'newest']) {
  test(`on the ${node} Node the playbook runs against localhost, with the role in TypeScript imported`, async () => {
    const version = await succeeds(node, 'node', '--version')
    ok(node === 'oldest' ? version.startsWith('v20.') : Number.parseInt(version.slice(1), 10) >= 24, version)
    const checked = await succeeds(
      node,
      'rota',
      'run',
      'playbooks/site.mjs',
      '--check',
      '-e',
      `hello_path=${path('motd')}`,
      '--report',
      'run.html',
    )
    match(readFileSync(path('run.html'), 'utf8'), /hello: file.*uPlot/s)
    match(checked, /localhost: would change hello: file/)
    const register = ['--import', 'rota/register', 'playbooks/site.mjs', '--list-tasks']
    match(await succeeds(node, 'node', ...register), /hello: file \/etc\/motd/)
    match(await succeeds(node, 'npm', 'test'), /Passed: +1/)
  })

  test(`on the ${node} Node an error names its place in the sources`, async () => {
    writeFileSync(
      path('playbooks/broken.mjs'),
      readFileSync(path('playbooks/site.mjs'), 'utf8').replace('hello()', "hello({ txt: 'a' })"),
    )
    const { exitCode, all } = await run(node, 'rota', 'run', 'playbooks/broken.mjs', '--check')
    equal(exitCode, 1)
    match(all, /error playbooks\/broken\.mjs:6:\d+: role hello has no param txt/)
  })

  test(`on the ${node} Node the playbook runs over ssh`, () =>
    withSshd(async variables => {
      const motd = join(dir, `motd-${node}`)
      writeFileSync(path('inventory/ssh.ini'), `${node} ${variables} hello_path=${motd}\n`)
      const args = ['rota', 'run', 'playbooks/site.mjs', '-i', 'inventory/ssh.ini'] as const
      match(await succeeds(node, ...args), /changed hello: file/)
      equal(readFileSync(motd, 'utf8'), `${node}: Be kind.\n`)
      match(await succeeds(node, ...args), new RegExp(`${node} +ok `))
    }))
}

/**
 * An sshd of its own on loopback, and the variables of a host that is reached by it; it keeps its state in the test's
 * folder.
 */
async function withSshd(work: (variables: string) => Promise<void>): Promise<void> {
  const home = mkdtempSync(join(dir, 'sshd-'))
  const file = (name: string) => join(home, name)
  for (const name of ['host', 'user']) await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)])
  const port = await freePort()
  const publicKey = readFileSync(file('host.pub'), 'utf8')
  writeFileSync(file('known_hosts'), `[127.0.0.1]:${port} ${publicKey}`)
  const settings = {
    ListenAddress: `127.0.0.1:${port}`,
    HostKey: file('host'),
    AuthorizedKeysFile: file('user.pub'),
    PidFile: 'none',
    StrictModes: 'no',
    UsePAM: 'no',
    PermitRootLogin: 'prohibit-password',
  }
  writeFileSync(
    file('config'),
    Object.entries(settings)
      .map(pair => `${pair.join(' ')}\n`)
      .join(''),
  )
  chmodSync(home, 0o700)
  mkdirSync('/run/sshd', { recursive: true })
  const daemon = execa('/usr/sbin/sshd', ['-D', '-e', '-f', file('config')], { reject: false, timeout: 120_000 })
  try {
    await answers(port)
    await work(
      `ansible_host=127.0.0.1 ansible_port=${port} ansible_user=root ansible_ssh_private_key_file=${file('user')} ` +
        `ansible_ssh_common_args="-F none -o UserKnownHostsFile=${file('known_hosts')} -o ControlPath=none" ` +
        `ansible_shell_executable="env XDG_STATE_HOME=${home} sh"`,
    )
  } finally {
    daemon.kill()
    await daemon
  }
}

/** Until somebody answers there; ten seconds at the most. */
async function answers(port: number): Promise<void> {
  for (let tries = 100; tries > 0; tries -= 1) {
    const socket = connect(port, '127.0.0.1')
    const isThere = await new Promise(done => socket.once('connect', () => done(true)).once('error', () => done(false)))
    socket.destroy()
    if (isThere) return
    await setTimeout(100)
  }
  throw new Error('sshd does not listen')
}

const freePort = () =>
  new Promise<number>((done, failed) => {
    const server = createServer().on('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address ? done(address.port) : failed(new Error('no port'))))
    })
  })

test.run()
