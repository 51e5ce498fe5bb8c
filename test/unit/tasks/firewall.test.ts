import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Firewall, firewall as firewallFact, type NftChain } from '../../../engine/facts/index.ts'
import { editNft } from '../../../engine/tasks/firewall-nft.ts'
import { readRules } from '../../../engine/tasks/firewall-rules.ts'
import { firewall } from '../../../engine/tasks/index.ts'
import { nameOf, probeWith, shells } from '../facts/probe.ts'
import { converge, type ShellWords, sandbox } from './converge.ts'
import { entry, planText, planWith, problemsOf } from './plan.ts'

type Args = Parameters<typeof firewall>[0]
const api: Args = { ports: '6443/tcp' }
const near: Args = { ports: ['6443/tcp', '30000-32767/udp'], from: ['10.0.0.0/8', 'fd00::/8'] }
const none = { ports: [], richRules: [] }
const rich = (from: string, port: string, protocol: string, family = 'ipv4') =>
  `rule family="${family}" source address="${from}" port port="${port}" protocol="${protocol}" accept`
const chain = (more: Partial<NftChain> = {}): NftChain => ({
  family: 'inet',
  table: 'filter',
  name: 'input',
  rules: [],
  ...more,
})
const nft = (...chains: readonly NftChain[]): Firewall => ({ type: 'nftables', chains })

/** A configuration at the path that Debian has. */
const plan = (
  args: Args,
  runs: Firewall,
  { sshPort, conf = '' }: { sshPort?: number; conf?: string | undefined } = {},
) =>
  planWith(firewall(args), ({ kind, args: asked }) => {
    if (kind.name === 'firewall') return { runs, ...(sshPort === undefined ? {} : { sshPort }) }
    const { path } = asked as { path: string }
    if (path === '/etc') return entry({ type: 'directory' })
    return path === '/etc/nftables.conf' && conf !== 'none'
      ? entry({ sha256: 'x', content: { base64: Buffer.from(conf).toString('base64') } })
      : { type: 'absent' }
  })
/** What it would run, without what it does to files. */
const commands = (change: ReturnType<typeof plan>): readonly string[] =>
  (change?.apply.text ?? '').split('\n').filter(line => /^(firewall-cmd|ufw|nft) /.test(line))

const insert = `nft 'insert rule inet filter input tcp dport 6443 accept comment "rota 6443/tcp"'`
const cases: readonly (readonly [string, Args, Firewall, readonly string[]])[] = [
  [
    'firewalld: now and after a boot',
    api,
    { type: 'firewalld', running: none, permanent: none },
    ['firewall-cmd -q --add-port=6443/tcp', 'firewall-cmd -q --permanent --add-port=6443/tcp'],
  ],
  [
    'firewalld: only now as yet',
    api,
    { type: 'firewalld', running: { ...none, ports: ['6443/tcp'] }, permanent: none },
    ['firewall-cmd -q --permanent --add-port=6443/tcp'],
  ],
  [
    'firewalld: a part of a range',
    api,
    {
      type: 'firewalld',
      running: { ...none, ports: ['6000-7000/tcp'] },
      permanent: { ...none, ports: ['6443/udp', '6443/tcp'] },
    },
    [],
  ],
  [
    'firewalld: networks, in a zone',
    { ...near, ports: '6443/tcp', zone: 'internal' },
    {
      type: 'firewalld',
      running: { ...none, richRules: [rich('10.0.0.0/8', '6443', 'tcp')] },
      permanent: { ...none, richRules: [rich('fd00::/8', '6443', 'tcp', 'ipv6'), rich('10.0.0.0/8', '6443', 'tcp')] },
    },
    [`firewall-cmd -q --zone=internal '--add-rich-rule=${rich('fd00::/8', '6443', 'tcp', 'ipv6')}'`],
  ],
  [
    'firewalld: absent',
    { ...api, state: 'absent' },
    { type: 'firewalld', running: { ...none, ports: ['6443/tcp'] }, permanent: none },
    ['firewall-cmd -q --remove-port=6443/tcp'],
  ],
  ['ufw', api, { type: 'ufw', rules: ['allow 22/tcp'] }, ['ufw allow proto tcp from any to any port 6443 >/dev/null']],
  ['ufw: there, with a comment', api, { type: 'ufw', rules: ["allow 6443/tcp comment 'it''s'"] }, []],
  [
    'ufw: networks and a range',
    near,
    {
      type: 'ufw',
      rules: [
        'allow from 10.0.0.0/8 to any port 30000:32767 proto udp',
        'allow from fd00::/8 to any port 6443 proto tcp',
        'allow from 10.0.0.0/8 to any port 6443 proto tcp',
      ],
    },
    ['ufw allow proto udp from fd00::/8 to any port 30000:32767 >/dev/null'],
  ],
  [
    'ufw: a network in other words',
    { ...api, from: 'FD00:0::/8' },
    { type: 'ufw', rules: ['allow from fd00::/8 to any port 6443 proto tcp'] },
    [],
  ],
  [
    'ufw: absent',
    { ...api, state: 'absent' },
    { type: 'ufw', rules: ['allow 6443/tcp'] },
    ['ufw delete allow proto tcp from any to any port 6443 >/dev/null'],
  ],
  ['nftables', api, nft(chain()), [insert]],
  ['nftables: there', api, nft(chain({ rules: [{ handle: 7, comment: 'rota 6443/tcp' }] })), []],
  [
    'nftables: another rule of ours',
    api,
    nft(chain({ rules: [{ handle: 7, comment: 'rota 6443/tcp from 10.0.0.0/8' }] })),
    [insert],
  ],
  [
    'nftables: each chain that drops, of the right family',
    { ports: '1/udp', from: 'fd00::/8' },
    nft(chain({ family: 'ip' }), chain({ family: 'ip6', table: 'x' })),
    [`nft 'insert rule ip6 x input ip6 saddr fd00::/8 udp dport 1 accept comment "rota 1/udp from fd00::/8"'`],
  ],
  [
    'nftables: absent',
    { ...api, state: 'absent' },
    nft(
      chain({
        rules: [
          { handle: 7, comment: 'rota 6443/tcp' },
          { handle: 8, comment: 'rota 6443/tcp from 10.0.0.0/8' },
        ],
      }),
    ),
    ['nft delete rule inet filter input handle 7'],
  ],
  ['none', api, { type: 'none' }, []],
]
for (const [name, args, runs, wanted] of cases)
  test(`plan: ${name}`, () => assert.equal(commands(plan(args, runs)), wanted))

test('plan: it is said which firewall it is', () => {
  const boot = 'flush ruleset\n'
  assert.is(
    planText(plan(near, { type: 'ufw', rules: [] })),
    'ufw does not let in 6443/tcp from 10.0.0.0/8, 6443/tcp from fd00::/8, 30000-32767/udp from 10.0.0.0/8, 30000-32767/udp from fd00::/8',
  )
  assert.is(
    planText(plan(api, nft(chain()), { conf: boot })),
    'nftables does not let in 6443/tcp, /etc/nftables.conf content differs',
  )
  assert.is(
    planText(plan({ ...api, state: 'absent' }, { type: 'ufw', rules: ['allow 6443/tcp'] })),
    'ufw lets in 6443/tcp',
  )
  assert.is(planText(plan(api, { type: 'none' })), 'nothing')
})

test('plan: what nft would not take at a boot is not done', () => {
  const text = plan(api, nft(chain()), { conf: 'flush ruleset\n' })?.apply.text ?? ''
  assert.match(text, /flush ruleset; cat "\$new"; \} \| nft -c -f -[\s\S]*rota_install[\s\S]*nft 'insert rule/)
  assert.match(
    planText(plan(api, nft(chain()), { conf: 'none' })),
    'refused: neither /etc/sysconfig/nftables.conf nor /etc/nftables.conf exists',
  )
})

test('plan: the port of this connection is not closed', () => {
  const ssh: Args = { ports: '20-30/tcp', state: 'absent' }
  const rules = ['allow 20:30/tcp']
  assert.is(
    planText(plan(ssh, { type: 'ufw', rules }, { sshPort: 22 })),
    'refused: 20-30/tcp lets this run in: it came by port 22',
  )
  assert.is(planText(plan(ssh, { type: 'ufw', rules }, { sshPort: 2222 })), 'ufw lets in 20-30/tcp')
  assert.is(
    planText(plan({ ...ssh, state: 'present' }, { type: 'ufw', rules: [] }, { sshPort: 22 })),
    'ufw does not let in 20-30/tcp',
  )
  assert.is(planText(plan(ssh, { type: 'ufw', rules: [] }, { sshPort: 22 })), 'nothing')
  assert.match(
    planText(plan(api, { type: 'unavailable', reason: 'you are not root' })),
    "refused: the firewall can't be asked: you are not root",
  )
})

test('configuration of nftables: rules come to a block of ours, and go', () => {
  const text = 'flush ruleset\ntable inet filter { }\n'
  const edit = (before: string, args: Args, isOpen: boolean) => {
    const edited = editNft(before, { type: 'nftables', chains: [chain()] }, readRules(args), isOpen)
    return 'text' in edited ? edited.text : edited.problem
  }
  const one = edit(text, api, true)
  assert.is(
    one,
    `${text}# BEGIN ROTA MANAGED PORTS\ninsert rule inet filter input tcp dport 6443 accept comment "rota 6443/tcp"\n# END ROTA MANAGED PORTS\n`,
  )
  const two = edit(one, near, true)
  assert.equal([edit(one, api, true), edit(two, api, true), edit(two, near, true)], [one, two, two])
  assert.equal([edit(two, near, false), edit(one, api, false), edit(text, api, false)], [one, text, text])
})

test('arguments', () => {
  const count = (args: Args) => problemsOf(firewall(args)).length
  assert.equal([count(near), count({ ports: '1-65535/tcp', from: '10.1.2.3', zone: 'dmz' })], [0, 0])
  for (const args of [
    { ports: [] },
    { ports: '6443' },
    { ports: '0/tcp' },
    { ports: '9-8/tcp' },
    { ports: '70000/tcp' },
    { ports: '1/icmp' },
    { ports: '1/tcp', from: 'a' },
    { ports: '1/tcp', from: [] },
    { ports: '1/tcp', from: '10.0.0.1/8' },
    { ports: '1/tcp', from: '10.0.0.0/33' },
    { ports: '1/tcp', from: 'fe80::1%eth0' },
    { ports: '1/tcp', zone: 'a b' },
  ])
    assert.is(count(args), 1, JSON.stringify(args))
})

/** A shell that finds these programs before the system's; each keeps what it is told in the directory. */
function withPrograms(shell: ShellWords, dir: string, programs: Readonly<Record<string, string>>): ShellWords {
  const bin = join(dir, 'bin')
  mkdirSync(bin)
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\ncd ${dir}\n${text}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  return ['env', `PATH=${bin}:/usr/bin:/bin`, ...shell]
}

const firewallCmd = `mode=running
for word; do
  case $word in
    --state) echo running ;;
    --permanent) mode=permanent ;;
    --list-ports) cat $mode-port 2>/dev/null | tr '\\n' ' '; echo ;;
    --list-rich-rules) cat $mode-rich 2>/dev/null; : ;;
    --add-port=*) echo "\${word#*=}" >>$mode-port ;;
    --add-rich-rule=*) echo "\${word#*=}" >>$mode-rich ;;
    --remove-port=*) sed -i "\\\\;^\${word#*=}$;d" $mode-port ;;
    --remove-rich-rule=*) sed -i "\\\\;^\${word#*=}$;d" $mode-rich ;;
  esac
done`
const nftables = (policy: string, last: object) => `case $* in
  'list chains')
    printf 'table inet filter {\\n\\tchain input {\\n\\t\\ttype filter hook input priority filter; policy drop;\\n\\t}\\n\\tchain other {\\n\\t}\\n}\\n'
    printf 'table ip nat {\\n\\tchain input {\\n\\t\\ttype nat hook input priority 100; policy accept;\\n\\t}\\n}\\n' ;;
  '-a -j list chain inet filter input') cat <<'END'
${JSON.stringify({ nftables: [{ metainfo: {} }, { chain: { family: 'inet', table: 'filter', name: 'input', type: 'filter', hook: 'input', policy } }, { rule: { handle: 4, comment: 'rota 1/tcp', expr: [{ accept: null }] } }, { rule: { handle: 5, expr: [last] } }] })}
END
    ;;
  '-a -j list chain ip nat input') echo '${JSON.stringify({ nftables: [{ chain: { family: 'ip', table: 'nat', name: 'input', type: 'nat', hook: 'input', policy: 'drop' } }] })}' ;;
  *) exit 1 ;;
esac`

for (const shell of shells.slice(0, 3)) {
  const seen = (programs: Readonly<Record<string, string>>) => {
    const [fact] = probeWith(withPrograms(shell, sandbox(), programs), firewallFact({}))
    return fact?.runs
  }

  test(`${nameOf(shell)}: firewalld, now and after a boot, and closed again`, () => {
    const dir = sandbox()
    const host = withPrograms(shell, dir, { 'firewall-cmd': firewallCmd, ufw: 'echo "Status: active"' })
    converge(host, [firewall(api), firewall(near)], dir)
    for (const mode of ['running', 'permanent']) {
      assert.is(readFileSync(join(dir, `${mode}-port`), 'utf8'), '6443/tcp\n')
      assert.is(readFileSync(join(dir, `${mode}-rich`), 'utf8').split('\n').length, 5)
    }
    converge(host, [firewall({ ...near, state: 'absent' })], dir)
    assert.is(readFileSync(join(dir, 'permanent-rich'), 'utf8'), '')
  })

  test(`${nameOf(shell)}: which firewall runs`, () => {
    const asleep = { 'firewall-cmd': 'echo "not running"; exit 252', ufw: 'echo "Status: inactive"' }
    assert.equal(seen(asleep), { type: 'none' })
    const denied = {
      'firewall-cmd': '[ "$1" = --state ] && echo running && exit; echo "Authorization failed" >&2; exit 1',
    }
    assert.equal(seen(denied), { type: 'unavailable', reason: 'Authorization failed' })
    assert.equal(seen({ ufw: 'echo "ERROR: You need to be root" >&2; exit 1' }), {
      type: 'unavailable',
      reason: 'ERROR: You need to be root',
    })
    const added = `case $* in status) echo 'Status: active' ;; 'show added') printf 'Added user rules:\\nufw allow 22/tcp\\n' ;; esac`
    assert.equal(seen({ ...asleep, ufw: added }), { type: 'ufw', rules: ['allow 22/tcp'] })
    const drops = nft(
      chain({
        rules: [
          { handle: 4, comment: 'rota 1/tcp' },
          { handle: 5, comment: '' },
        ],
      }),
    )
    assert.equal(seen({ ...asleep, nft: nftables('drop', { accept: null }) }), drops)
    assert.equal(seen({ ...asleep, nft: nftables('accept', { reject: null }) }), drops)
    assert.equal(seen({ ...asleep, nft: nftables('accept', { accept: null }) }), { type: 'none' })
    assert.equal(seen({ ...asleep, nft: 'echo no >&2; exit 1' }), { type: 'unavailable', reason: 'no' })
  })

  test(`${nameOf(shell)}: the port that a login came in by, from whoever has logged in`, () => {
    const login: ShellWords = [
      'env',
      'SSH_CONNECTION=10.0.0.1 5555 10.0.0.2 2222',
      'sh',
      '-c',
      'unset SSH_CONNECTION; "$@"; :',
      'sh',
      'env',
      '-u',
      'SSH_CONNECTION',
      ...shell,
    ]
    assert.is(probeWith(login, firewallFact({}))[0]?.sshPort, 2222)
  })
}

test.run()
