import { isIP } from 'node:net'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { FactRequest } from '../../../engine/facts/fact.ts'
import * as kinds from '../../../engine/facts/index.ts'
import { pending } from '../../../engine/facts/pending.ts'
import { mostLines } from '../../../engine/program/limits.ts'
import { probeOf } from '../../../engine/program/probe.ts'
import { cpuTime } from '../../cpu-time.ts'

// Whatever a host answers, the reader of a fact gives facts of the right kind or an error that names the fact. The
// answer may be made of what an honest host says, so that it gets far.
const name = 'x.service'
const {
  addresses,
  alternatives,
  authorizedKeys,
  check,
  clock,
  firewall,
  gitCheckout,
  glob,
  group,
  http,
  kernelModule,
  listeningPorts,
  mounts,
  os,
  packageState,
} = kinds
const { packageCandidate, packageLists, path, rebootRequired, route, sysctl, tcp, tlsCertificate, upgradable } = kinds
const { tool, tree, unit, unixSocket, user, versionLocks } = kinds
const requests: readonly (readonly [FactRequest, readonly string[]])[] = [
  [
    addresses({}),
    ['2: eth0    inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0', '3: a@if4 inet6 fe80::1/64 scope link'],
  ],
  [
    alternatives({ name: 'editor' }),
    [
      'unavailable',
      'editor - auto mode\n  link currently points to /bin/vi\n/bin/vi - priority 30\n.',
      '.',
      'editor - x',
    ],
  ],
  [
    authorizedKeys({ user: 'u' }),
    [
      '.',
      ...[
        'noUser',
        'unknown x',
        'home 1 2 /h/.ssh\nfolder 41c0|1|2|u|u|4096\nfile 8180|1|2|u|u|3\ncontent YQ==',
        'home x 1 /h',
        'home 1 1 /h\nfolder x',
      ].map(text => Buffer.from(text).toString('base64')),
    ],
  ],
  [clock({}), [`1800000000.123456789${'\nrota:nonce:\n'}1800000001.N`, '1800000000.', 'rota:nonce:']],
  [check({ run: 'true' }), ['0', 'aGk=', ':', '.', '124']],
  [
    firewall({}),
    [
      '.',
      ...[
        'ssh 22\n',
        'firewalld\nrunning 1/tcp\nrunningRule a\npermanent ',
        'ufw\nufw allow 22/tcp',
        'unavailable\nno',
        'nftables\n{"nftables":[{"chain":{"family":"ip","table":"a","name":"b","type":"filter","hook":"input","policy":"drop"}},{"rule":{"handle":1e99}},{"rule":null}]}',
        'nftables\n{"nftables":[{"__proto__":1}]}',
        'x',
      ].map(text => Buffer.from(text).toString('base64')),
    ],
  ],
  [
    gitCheckout({ path: '/a', repo: '/b', version: 'main', environment: {} }),
    [
      '.',
      ...[
        'noGit',
        'here absent\nremote\n',
        `here checkout\ncommit ${'a'.repeat(40)}\nurl x\nkept\nchanged  M f\nremote\n${'b'.repeat(40)}\trefs/heads/main`,
        'here other\nfailed\nfatal: x',
        'here x',
      ].map(text => Buffer.from(text).toString('base64')),
    ],
  ],
  [glob({ pattern: '/etc/*' }), ['+/etc/a', '.']],
  [group({ name: 'g' }), ['g:x:7:a,b', 'g:x::', '__proto__:x:1:']],
  [
    http({ url: 'http://h/' }),
    [Buffer.from('HTTP/1.1 200 OK\r\n\r\nok').toString('base64'), '.', 'failed 7', 'unavailable x'],
  ],
  [
    kinds.kept({ run: '20260101T000000Z-1', play: 1 }),
    [
      'of 20260101T000000Z-1 1',
      'kept - /a',
      'kept secret,play%2Freload /__proto__',
      'kept -,%zz /a/../b',
      'left 81a4 0 0 /a',
      'left 81a4 x 0 /a',
      `${'0'.repeat(64)}  /a`,
      `leads ${'0'.repeat(64)} /a`,
      'gone /a',
      'gone ./%2Fa',
      `${'0'.repeat(64)}  ./%2Fa`,
      'foreign /var/lib/rota',
      '.',
      'before /a',
      'now /a',
      'YQ==',
    ],
  ],
  [kernelModule({ name: 'm' }), ['loaded', 'missing', 'builtin']],
  [listeningPorts({}), ['   0: 0100007F:1F90 00000000:0000 0A 0']],
  [mounts({ path: '/a' }), ['tmpfs /a tmpfs rw', 'tmpfs /a/b\\040c tmpfs rw']],
  [
    os({}),
    ['x86_64', '6.1', 'host', 'apt-get', 'systemd', 'ID=debian', 'ID_LIKE="a b"', '__proto__=x', 'VERSION_ID=12'],
  ],
  [packageState({ name: 'p' }), ['apt', 'dnf', 'none', 'p ii  1.2', 'p rpm 1.2-3', '__proto__ ii  1']],
  [packageCandidate({ name: 'p' }), ['p:', '  Candidate: 1.2', 'dnf p.x86_64 1.2 repo']],
  [packageLists({}), ['1700000000', '1600000000', '-1', '1e9']],
  [pending({}), ['a%2Fb', '%', '%zz', '__proto__']],
  [rebootRequired({}), ['file', 'linux-image', 'tool', 'since', '__proto__']],
  [route({ to: '10.0.0.1' }), ['10.0.0.1 via 10.0.0.2 dev eth0 src 10.0.0.3 uid 0', '10.0.0.1 dev lo src x']],
  [sysctl({ key: 'a.b' }), ['/proc/sys/a/b:1\t2']],
  [tcp({ port: 1 }), ['open', 'closed refused', 'unavailable x']],
  [tlsCertificate({ port: 1 }), ['-----BEGIN CERTIFICATE-----', 'AAAA', '-----END CERTIFICATE-----', 'failed x', '.']],
  [tree({ root: '/a', names: ['b'] }), [`${'a'.repeat(64)}\n.`, 'missing 1\n.', 'missing 2', 'missing __proto__']],
  [tool({ name: 't' }), ['/bin/t', '']],
  [
    unit({ name }),
    ['units', 'Id=x.service', 'MainPID=5', 'MainPID=x', 'NRestarts=1e9', '', 'unavailable x', '__proto__=1'],
  ],
  [unixSocket({ path: '/s' }), ['listening', 'stale', 'absent']],
  [
    path({ path: '/a', sha256: true, content: true }),
    [
      'w 0 0',
      'l /a',
      'u /',
      'k /a',
      't /b',
      's 2|81a4|0|0|1|root|root|/a',
      's 2|a1ff|0|0|1|root|root|/a',
      's 2|81a4|0|0|-1|root|root|/b',
      's 2|41ed|0|0|1|root|root|/',
      'h',
      `${'0'.repeat(64)}  /a`,
      '.',
      'c /a',
      'AAAA',
      'same /a',
    ],
  ],
  [versionLocks({}), ['kubelet-0:1.30.4-1.1.*', '0:kubelet-1.30.4-1.1.*', 'name = "kubelet"', '!a-1-1', '-*']],
  [
    upgradable({ except: ['p'], listsMaxAge: 1 }),
    [
      ...['apt', 'interrupted', 'Inst p [1] (2 a [all])', 'Inst q (2 a [all])', 'Remv r [1]', 'Conf p (2 a [all])'],
      ...['dnf', 'Upgrading:', ' p noarch 2-1 repo 12 k', ' q', 'Transaction Summary', '-- installed', 'p.noarch 1-1'],
      ...['unknown', 'none'],
    ],
  ],
  [user({ name: 'u', groups: true }), ['u:x:1:2:c:/h:/bin/sh', 'uid=1(u) gid=2(g) groups=2(g),3(h)', 'u:x:a:b:::']],
]

const mark = '\nrota:nonce:\n'
const span = { asked: 100, answered: 130 }
const junk = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    '0',
    '-1',
    'NaN',
    '9'.repeat(400),
    '\0',
    '\x1b[2J',
    '|',
    ':',
    '=',
    '.',
    '%',
  ),
)
const answerOf = (honest: readonly string[]) =>
  fc
    .array(
      fc.oneof(
        fc.constantFrom(...honest),
        junk,
        fc.tuple(fc.constantFrom(...honest), junk).map(part => part.join('')),
      ),
      {
        maxLength: 14,
      },
    )
    .chain(lines => fc.constantFrom('\n', '\n', ' ', '\n\n').map(between => lines.join(between)))

/** Every number and text of a fact. */
function leaves(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [value]
  return Object.values(value).flatMap(leaves)
}

for (const [request, honest] of requests) {
  const { name: kind } = request.kind
  test(`fact ${kind}: an answer gives facts or an error that names it, whatever it is`, () => {
    let read = 0
    fc.assert(
      fc.property(answerOf(honest), text => {
        const facts = readOf(request, text)
        if (facts === undefined) return
        read += 1
        for (const leaf of leaves(facts))
          assert.ok(typeof leaf !== 'number' || Number.isSafeInteger(leaf), `${kind}: ${leaf}`)
        assert.is(Object.getPrototypeOf({}), Object.prototype)
        assert.equal(Object.keys(Object.prototype), [])
      }),
      { numRuns: 400 },
    )
    assert.ok(read > 0, 'no answer was good enough to be read')
  })
}

function readOf(request: FactRequest, text: string): unknown {
  try {
    return probeOf([request], mark).read(`${text}${mark}`, span).get(request)
  } catch (error) {
    assert.instance(error, Error)
    assert.match((error as Error).message, `fact ${request.kind.name}`)
    // What the host says is quoted: a line of it is no line of the message.
    assert.not.match((error as Error).message.replace(/; the host printed: .*/s, ''), '\n')
    return undefined
  }
}

test('all kinds of fact are tried', () => {
  const all = Object.values(kinds).flatMap(kind =>
    typeof kind === 'function' && 'kind' in kind ? [kind.kind.name] : [],
  )
  assert.equal(all.sort(), requests.map(([{ kind }]) => kind.name).sort())
})

test('an address that others get is an address, a name a name, whatever the host says', () => {
  const hostile = fc.oneof(
    fc.constantFrom('10.0.0.1\n', "10.0.0.1';reboot;'", '1.2.3.4{', 'fe80::1%eth0', '$(reboot)', 'a"b', '10.0.0.1'),
    fc.string({ unit: 'binary', maxLength: 8 }),
  )
  fc.assert(
    fc.property(hostile, hostile, hostile, (a, b, c) => {
      const ways = readOf(route({ to: '10.0.0.9' }), `10.0.0.9 via ${a} dev ${b} src ${c} uid 0`)
      if (ways !== undefined && (ways as { type: string }).type === 'route') {
        const { source, gateway = '::', interface: device } = ways as Record<string, string>
        assert.ok(source === '' || isIP(source ?? '') > 0)
        assert.ok(isIP(gateway) > 0)
        assert.match(device ?? '', /^[\w.+:@~/()-]*$/)
      }
      const found = readOf(addresses({}), `2: ${b} inet ${a}/24 scope ${c}`) as
        | readonly { address: string }[]
        | undefined
      for (const { address } of found ?? []) assert.ok(isIP(address) > 0)
      const system = readOf(os({}), `x\n${b}\n${a}\nnone\nother\nID=${c}`)
      for (const leaf of leaves(system ?? {})) assert.match(String(leaf), /^[\w.+:@~/ ()-]*$/)
    }),
  )
})

test('checksums and content that have no end are an error', () => {
  for (const text of ['h', `h\n${'0'.repeat(64)}  /a`, 'c /a\nAAAA'])
    assert.is(readOf(path({ path: '/a', sha256: true }), text), undefined)
})

test('an answer of line feeds alone is not taken apart', () => {
  const text = '\n'.repeat(mostLines + 1)
  assert.throws(
    () => probeOf([os({})], mark).read(text + mark, span),
    /has 1000003 lines, more than 1000000 are not read/,
  )
})

for (const [request, honest] of requests) {
  const { name: kind } = request.kind
  test(`fact ${kind}: a long answer takes little time`, () => {
    for (const piece of [...honest, 'a', ' ', '@', '%', '0', '\r\n ', '\n']) {
      const started = cpuTime()
      readOf(request, piece.repeat(Math.ceil(300_000 / Math.max(1, piece.length))))
      assert.ok(cpuTime() - started < 3000, `${JSON.stringify(piece)}: ${cpuTime() - started} ms`)
    }
  })
}

test.run()
