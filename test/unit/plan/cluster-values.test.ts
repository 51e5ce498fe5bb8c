import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { command, file } from 'rota'
import { test } from 'uvu'
import { equal, match } from 'uvu/assert'
import { formatProblem } from '../../../engine/failure/problem.ts'
import { type Host, loadInventory } from '../../../engine/inventory/index.ts'
import { givenByPlays } from '../../../engine/plan/cluster-values.ts'
import { draftOf } from '../../../engine/plan/index.ts'
import { type Play, play } from '../../../engine/playbook/play.ts'
import { around } from '../../../engine/role/around.ts'
import { defineCluster } from '../../../engine/role/cluster.ts'
import { gate } from '../../../engine/role/gate.ts'
import { defineRole } from '../../../engine/role/role.ts'
import { holds } from '../../../engine/role/verdict.ts'
import { newRedactor } from '../../../engine/secrets/index.ts'
import { cpuTime } from '../../cpu-time.ts'
import { readyPlays } from '../../ready-plays.ts'

const port = { type: 'integer', minimum: 1, default: 6443, var: 'api_port' } as const
const prefix = { type: 'string', text: 'line', default: 'k8s', var: 'name_prefix' } as const
const cluster = defineCluster({
  params: { type: 'object', properties: { port, prefix } },
  derive: ({ values, host, of, inventory }) => ({
    get url() {
      return `https://${host.name}:${values.port}`
    },
    get ports() {
      return inventory.hosts.map(other => of(other).port)
    },
  }),
})
const ours = defineCluster({
  extends: cluster,
  params: { type: 'object', properties: { region: { type: 'string', default: 'eu', var: 'region' } } },
})

/** A role writes what it knows; two of them share a value and call it by names of their own. */
const server = defineRole({
  name: 'server',
  cluster,
  params: { type: 'object', properties: { listen: port } },
  tasks: ({ params, cluster: { url } }) => [file({ path: '/server', content: `${params.listen} ${url}` })],
})
const client = defineRole({
  name: 'client',
  cluster: ours,
  params: { type: 'object', properties: { dial: port } },
  tasks: ({ params, cluster: { url, region, ports } }) => [
    file({ path: '/client', content: `${params.dial} ${url} ${region} ${ports}` }),
  ],
})

const groups = '[servers]\ns1\ns2\n[clients]\nc1\n'
async function ready(plays: readonly Play[], text = '', extraVars: readonly string[] = []) {
  const dir = mkdtempSync(join(tmpdir(), 'rota-cluster-'))
  writeFileSync(join(dir, 'hosts.ini'), groups + text)
  const inventory = await loadInventory({ sources: ['hosts.ini'], cwd: dir, extraVars })
  const tags = { only: [], skip: [] }
  const found = await readyPlays(plays, inventory, { tags, redactor: newRedactor() })
  const written = (found.hasTasks ? found.plays : []).flatMap(each =>
    each.hosts.flatMap(host =>
      draftOf(each, host).work.items.map(({ unit }) =>
        'args' in unit ? (unit.args as { content: string }).content : '',
      ),
    ),
  )
  const problems = found.problems.map(formatProblem).map(problem => problem.replace(/^\S*test\.ts:\d+:\d+/, 'PLAYBOOK'))
  return { written, problems, found }
}

const both = (given: { readonly server?: object; readonly client?: object } = {}) => [
  play('servers', { hosts: 'servers', roles: [server(given.server)] }),
  play('clients', { hosts: 'clients', roles: [client(given.client)] }),
]

test('what the playbook gives to one role is known to all, on hosts of other plays too', async () => {
  equal((await ready(both({ server: { listen: 7443 } }))).written, [
    '7443 https://s1:7443',
    '7443 https://s2:7443',
    '7443 https://c1:7443 eu 7443,7443,7443',
  ])
})

test('a variable of one role sets the value of all; extra variables beat the playbook, under any name', async () => {
  const [, , byInventory] = (await ready(both(), '[all:vars]\nserver_listen=8443\n')).written
  equal(byInventory, '8443 https://c1:8443 eu 8443,8443,8443')
  const [first] = (await ready(both({ server: { listen: 7443 } }), '', ['client_dial=9443'])).written
  equal(first, '9443 https://s1:9443')
})

test('each host has its own value of what the inventory says host by host', async () => {
  const { written } = await ready(both(), '[servers:vars]\napi_port=1\n[clients:vars]\napi_port=2\n')
  equal(written, ['1 https://s1:1', '1 https://s2:1', '2 https://c1:2 eu 1,1,2'])
})

test('two calls that give different values to a host are refused, with both places; those of other hosts are not', async () => {
  const twice = [play('servers', { hosts: 'servers', roles: [server({ listen: 1 }), client({ dial: 2 })] })]
  const [problem = '', ...others] = (await ready(twice)).problems
  equal(others, [])
  match(
    problem,
    /^PLAYBOOK: client's dial is one value with server's listen, which is given another \(.*test\.ts:\d+:\d+\)/,
  )
  const { written, problems } = await ready(both({ server: { listen: 1 }, client: { dial: 2 } }))
  equal(problems, [])
  equal(written.at(-1), '2 https://c1:2 eu 1,1,2')
})

test('a value that is wrong is refused once, at its place, also where only a gate or a hook reads it', async () => {
  const { problems } = await ready(both(), '[all:vars]\napi_port=none\n')
  equal(problems.length, 1, problems.join('\n'))
  match(problems[0] ?? '', /^hosts\.ini:\d+:\d+: api_port: "none" is not of type integer/)
  const looks = gate({ name: 'g', cluster, facts: () => ({}), check: () => holds })
  const hook = around({ name: 'h', cluster, enter: async () => {}, leave: async () => {} })
  for (const one of [play('p', { hosts: 'servers', gate: looks }), play('p', { hosts: 'servers', around: [hook] })])
    equal((await ready([one], '[all:vars]\napi_port=none\n')).problems.length, 1)
})

test('a needed value that nobody sets is told with the name that sets it, and no place, for it is called nowhere', async () => {
  const region = { type: 'string', text: 'line' } as const
  const needy = defineCluster({ params: { type: 'object', properties: { region }, required: ['region'] } })
  const plays = [
    play('p', {
      hosts: 's1',
      cluster: needy,
      tasks: context => [file({ path: '/p', content: context.cluster.region })],
    }),
  ]
  equal((await ready(plays)).problems, ['the cluster needs region (set `cluster_region` in the inventory)'])
  equal((await ready(plays, '[all:vars]\ncluster_region=eu\n')).written, ['eu'])
})

test('one that many roles share is told with its own name, and not with those that each role has for it', async () => {
  const region = { type: 'string', text: 'line', var: 'region' } as const
  const needy = defineCluster({ params: { type: 'object', properties: { region }, required: ['region'] } })
  for (const name of ['eager', 'keen'])
    defineRole({ name, cluster: needy, params: { type: 'object', properties: { region } }, tasks: () => [] })
  const plays = [
    play('p', { hosts: 's1', cluster: needy, tasks: ({ cluster: { region: path } }) => [file({ path, content: '' })] }),
  ]
  equal((await ready(plays)).problems, ['the cluster needs region (set `region` in the inventory)'])
})

test('tasks of a play are handed the value', async () => {
  const { found } = await ready([
    play('tasks', {
      hosts: 's1',
      cluster,
      tasks: context => [file({ path: '/play', content: context.cluster.url })],
      roles: [server({ listen: 7 })],
    }),
  ])
  const [ready1] = found.plays
  const [s1] = ready1?.hosts ?? []
  if (!ready1 || !s1) throw new Error('no host')
  const contents = draftOf(ready1, s1).work.items.map(({ unit }) => ('args' in unit ? unit.args : {}))
  match(JSON.stringify(contents), 'https://s1:7')
})

test('an empty text of a stronger place overrides: it is the value where any text will do, else the default', async () => {
  const weak = '[all:vars]\napi_port=7\nname_prefix=all\n'
  const named = play('p', {
    hosts: 's1',
    cluster,
    tasks: ({ cluster: { prefix: text, port: number } }) => [file({ path: '/p', content: `<${text}> ${number}` })],
  })
  equal((await ready([named], weak)).written, ['<all> 7'])
  equal((await ready([named], weak, ['name_prefix=', 'api_port='])).written, ['<> 6443'])
})

test('a value can be spread and taken apart; what follows may depend on the host, and stand in for what is set', async () => {
  const varied = defineCluster({
    extends: cluster,
    params: { type: 'object', properties: {} },
    derive: ({ values, host }) => ({
      get port(): number {
        return values.port + 1
      },
      ...(host.name === 's1' ? { first: 'yes' } : { second: 'yes' }),
    }),
  })
  const named = play('p', {
    hosts: 'servers',
    cluster: varied,
    tasks: context => {
      const { prefix: _, of, placeOf, ...rest } = { ...context.cluster }
      return [file({ path: '/p', content: JSON.stringify([rest, of(context.host).port, placeOf('port')]) })]
    },
  })
  equal((await ready([named])).written, [
    '[{"port":6444,"url":"https://s1:6443","ports":[6443,6443,6443],"first":"yes"},6444,null]',
    '[{"port":6444,"url":"https://s2:6443","ports":[6443,6443,6443],"second":"yes"},6444,null]',
  ])
})

test('a secret of a cluster is hidden, though it is no param of a role', async () => {
  const withSecret = defineCluster({
    params: { type: 'object', properties: { token: { type: 'string', text: 'line', secret: true, var: 'api_token' } } },
  })
  const plays = [
    play('p', {
      hosts: 's1',
      cluster: withSecret,
      tasks: ({ cluster: { token } }) => [command({ run: ['login', String(token)] })],
    }),
  ]
  const { problems } = await ready(plays, '[all:vars]\napi_token=correct-horse\n')
  equal(problems.length, 1)
  match(problems[0] ?? '', 'secret')
})

test('a play for each of thousands of hosts, each with a value of its own, is planned in linear time', () => {
  const cpu = (count: number) => {
    const plays = Array.from({ length: count }, (_, index) => {
      const name = `h${index}`
      return [play(name, { hosts: name, roles: [server({ listen: index + 1 })] }), [{ name } as Host]] as const
    })
    const started = cpuTime()
    const given = givenByPlays(plays)
    for (const [index, [{ name }]] of plays.entries()) equal(given.on(name)(port)?.value, index + 1)
    return cpuTime() - started
  }
  cpu(1000)
  const [few, many] = [cpu(1000), cpu(8000)]
  equal(many < 24 * few, true, `${few} ms and ${many} ms`)
})

test.run()
