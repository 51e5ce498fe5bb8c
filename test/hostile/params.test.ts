import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AnyRole } from '../../engine/role/role.ts'
import { resolveParams } from '../../engine/values/params.ts'
import { daemonUnits, type Params as MasterParams } from '../../roles/control-plane/daemons/daemons.ts'
import { initDocuments, workerDocument } from '../../roles/control-plane/kubeadm/config.ts'
import { etcdEnv, etcdUnit } from '../../roles/etcd/config.ts'
import { haproxyCfg } from '../../roles/haproxy/haproxy.cfg.ts'
import { proxyCfg } from '../../roles/haproxy-proxy/haproxy.cfg.ts'
import { keepalived, nginxVip } from '../../roles/index.ts'
import { etcdClientUrls } from '../../roles/lib/cluster/index.ts'
import { confOf } from '../../roles/nginx-proxy/conf.ts'
import { nginxConf } from '../../roles/nginx-proxy/nginx.conf.ts'
import { settingsOf } from '../../roles/nginx-proxy/settings.ts'
import { smallCluster } from '../roles/support/inventory.ts'
import { contentOf, unitsOf } from '../roles/support/role.ts'
import { everyRole, type TextPlace, textPlaces } from '../roles/support/schemas.ts'

// An inventory that injects: every text of every param of every role is given what a configuration, a unit or a shell
// would read as more.

const breaking = ['\n', '\r', '\0', '\x1b', '\x9b', '\u2028', '\u2029', '\u202e', '\ud800']
const meaning = ['}', '{', ';', '"', "'", '`', '$(id)', '\\', '#', ' x', '%n', '!']

const site = { file: 'playbook', line: 1, column: 1 }

/** The params that a role needs in any case. */
const needed = { kubeVersion: 'v1.20.2', source: '/srv/kube', when: 'after-nodes' }

function resolve(role: AnyRole, given: Readonly<Record<string, unknown>>) {
  const own = Object.fromEntries(Object.entries(needed).filter(([name]) => name in role.params.properties))
  return resolveParams({ role, params: { ...own, ...given }, site }, () => undefined)
}

/** A value that the place takes: its default, or one of these. */
const samples = [
  // A release of kubespray's.
  '2.28',
  '10.0.0.1',
  'a',
  '/a/b',
  '1',
  '5s',
  'v1.20.2',
  '10.0.0.0/16',
  '1-2',
  'a:1',
  'https://a',
  'http://a',
  '--a',
  '25m',
  'f'.repeat(64),
  'auto',
  'a/deployment/a',
  '1.15.3',
  '2.28',
]
function sampleOf(place: TextPlace): string {
  const { default: fallback } = place.schema
  const found = [
    ...(typeof fallback === 'string' ? [fallback] : []),
    ...[place.schema.enum ?? []].flat().map(String),
    ...samples,
  ].find(text => resolve(place.role, { [place.param]: place.wrap(text) }).ok)
  assert.ok(found !== undefined, `no sample for ${place.name}`)
  return found
}

const spoilt = (sample: string, sign: string): readonly string[] => [
  `${sample}${sign}`,
  `${sign}${sample}`,
  `${sample}${sign}${sample}`,
]

const accepted = (place: TextPlace, signs: readonly string[]): readonly string[] => {
  const sample = sampleOf(place)
  return signs
    .flatMap(sign => spoilt(sample, sign))
    .filter(text => resolve(place.role, { [place.param]: place.wrap(text) }).ok)
}

test('nothing that breaks a line gets into any param, but into one that is a file of its own', () => {
  for (const role of everyRole)
    for (const place of textPlaces(role)) {
      const signs = place.schema.text === 'lines' ? breaking.filter(sign => sign !== '\n') : breaking
      assert.equal(accepted(place, signs), [], place.name)
    }
})

const cluster = smallCluster()
const host = cluster.host('m1')
const masters = cluster.group('kube_control_plane')
const all = { masters, etcd: etcdClientUrls({ leaving: [], etcdClientPort: 2379 }, cluster) }

/** What a role writes with these params, by what the reader of it takes for a line of its own. */
const writes: Readonly<Record<string, (params: never) => string>> = {
  haproxy: (params: never) => haproxyCfg(params, masters),
  'haproxy-proxy': (params: never) => proxyCfg(params, masters),
  'nginx-proxy': (params: Parameters<typeof settingsOf>[0]) =>
    nginxConf(confOf(settingsOf(params) as never, host), masters),
  etcd: (params: never) => `${etcdEnv(params, host, host.address)}${etcdUnit(params)}`,
  'control-plane': (params: MasterParams) =>
    [
      ...daemonUnits(params, host, all).map(({ content }) => content),
      // JSON: one line a value.
      JSON.stringify(initDocuments({ ...params, method: 'kubeadm' }, host, cluster), undefined, 1),
    ].join('\n'),
  'worker-join': (params: Parameters<typeof workerDocument>[0]) =>
    JSON.stringify(
      workerDocument(params, host, cluster, { endpoint: 'm1:6443', token: 'a', caCertHash: 'b' }),
      undefined,
      1,
    ),
}

const withCalls: Readonly<Record<string, (params: never) => string>> = {
  ...writes,
  keepalived: (params: never) => {
    const call = keepalived({ virtualAddress: '10.0.0.100', interface: 'eth0', ...(params as object) })
    return contentOf(unitsOf(call, host, cluster), (params as { readonly config: string }).config)
  },
  'nginx-vip': (params: never) => nginxConf({ ...byDefault(nginxVip.role), ...(params as object) } as never, masters),
}

const byDefault = (role: AnyRole): object => {
  const resolved = resolve(role, {})
  return { ...(resolved.ok ? resolved.params : {}), serverName: 'a', balance: 'least_conn', port: 8443 }
}

/** Signs that begin or end something, outside of quotes, to whoever reads it. */
const structure: Readonly<Record<string, RegExp>> = {
  haproxy: /[^"]/g,
  'haproxy-proxy': /[^"]/g,
  keepalived: /[^{}"]/g,
  'nginx-proxy': /[^{};"]/g,
  'nginx-vip': /[^{};"]/g,
  etcd: /[^"]/g,
  'control-plane': /[^"]/g,
  'worker-join': /[^"]/g,
}

/**
 * The first word of each line, and what in it has a meaning of its own: a reader would find more of them, were
 * something injected.
 */
const skeleton = (text: string, name: string): string =>
  text
    .split('\n')
    .map(line => {
      // A word of a unit that is quoted as a whole is one word still.
      const word = line.replace(/^(\s*)"(--[^=]*)=(?:\\.|[^"\\])*"/, '$1$2')
      const bare = word.replace(/"(?:\\.|[^"\\])*"/g, '""')
      return `${/^\s*[^\s=:]*/.exec(bare)?.[0] ?? ''} ${bare.replace(structure[name] ?? /$./, '')}`
    })
    .join('\n')

for (const [name, write] of Object.entries(withCalls))
  test(`what ${name} writes keeps its lines, blocks and quotes, whatever of a text is let in`, () => {
    const role = everyRole.find(one => one.name === name)
    assert.ok(role)
    let looked = 0
    for (const place of textPlaces(role)) {
      const params = (text: string): never => {
        const resolved = resolve(role, {
          ...(name === 'haproxy' ? { statsPassword: 'x' } : {}),
          [place.param]: place.wrap(text),
        })
        assert.ok(resolved.ok, place.name)
        return resolved.params as never
      }
      const sample = sampleOf(place)
      const expected = skeleton(write(params(sample)), name)
      for (const text of accepted(place, meaning)) {
        looked += 1
        assert.is(skeleton(write(params(text)), name), expected, `${place.name}: ${JSON.stringify(text)}`)
      }
    }
    console.log(`  (${looked} values of ${name} are let in)`)
  })

/** Texts that may hold anything, and why that does no harm. */
const free: readonly RegExp[] = [
  // Names of hosts and groups: they are compared with those of the inventory.
  /\.leaving(\[\])?$/,
  /\.primary$/,
  /\.buildHost$/,
  /^etchosts\.groups\[\]$/,
  // Paths on the control machine: they are opened, or quoted.
  /^nginx-build\.tarball$/,
  /^(kube-binaries|preflight|etcd-(preflight|upgrade))\.source$/,
  // What curl is given, of which it reads the user from its standard input: quoted.
  /^check-ha\.stats(Uri|User|Password)$/,
  /^nginx-build\.url$/,
  // Where programs are fetched from, by this machine or, quoted, by a host; proxies go into its environment.
  /^(kube-binaries|preflight)\.(site|filesRepo|kube(adm|let|ctl)Url(\[\])?|(http|https|no)Proxy)$/,
  /^etcd-(preflight|upgrade)\.(githubUrl|filesRepo|url(\[\])?|(http|https|no)Proxy)$/,
  /^container-engine-programs\.(githubUrl|(containerd|runc|crictl|nerdctl|cni)Url(\[\])?|source|filesRepo|(http|https|no)Proxy)$/,
  // Values of containerd's TOML: quoted, test/roles/container-engine.
  /^container-engine\.mirrors\[\]\.(server|mirrors\[\]\.(host|capabilities|ca(\[\])?|client\[\]\[\]))$/,
  // Whether there are any is told, and nothing of them.
  /preflight\.(pre|post)\w+Hooks\[\]$/,
  // Files of the control machine, where helm finds its charts (quoted), and what the operator writes for a shell.
  /^addons\.list\[\]\.(apply|helm\.(values|repo)|command|unless)$/,
  // Words of a command: quoted.
  /\.configureFlags\[\]$/,
]

test('what is not written by these is a word, or a text that is known to be compared or quoted', () => {
  const open = everyRole
    .filter(role => !(role.name in withCalls))
    .flatMap(textPlaces)
    .filter(place => !free.some(pattern => pattern.test(place.name)) && accepted(place, meaning).length > 0)
    .map(place => `${place.name}: ${accepted(place, meaning).join(' | ')}`)
  assert.equal(open, [])
})

test.run()
