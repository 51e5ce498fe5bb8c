import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { expressionOf, type UpgradableFact, upgradable } from '../../../engine/facts/index.ts'
import { upgrade } from '../../../engine/tasks/index.ts'
import { keptFilesIn } from '../../../engine/tasks/upgrade-words.ts'
import { parsed } from '../facts/probe.ts'
import { planText, planWith, problemsOf } from './plan.ts'

const read = (output: string): UpgradableFact | undefined =>
  parsed(output, upgradable({ except: [], listsMaxAge: 60 }))[0]
type Known = Extract<UpgradableFact, { readonly type: 'known' }>
const known = (more: Partial<Known> = {}): Known => ({
  ...{ type: 'known', manager: 'apt', due: true, upgrades: [], removals: [], keptBack: [], unfinished: [] },
  ...more,
})
const one = [{ name: 'a', from: '1', to: '2' }]

const apt = `apt
Reading package lists...
Calculating upgrade...
The following NEW packages will be installed:
  linux-image-6.1.0-28-amd64
The following packages have been kept back:
  held-a held-b
  held-c
The following packages will be upgraded:
  openssl
1 upgraded, 1 newly installed, 1 to remove and 3 not upgraded.
Remv old [1:2-3]
Inst openssl [3.0.14-1~deb12u2] (3.0.15-1~deb12u1 Debian:12.8/stable, Debian-Security:12/stable-security [amd64]) []
Inst linux-image-6.1.0-28-amd64 (6.1.119-1 Debian-Security:12/stable-security [amd64])
Inst libc6:i386 [2.36-9] (2.36-10 Debian:12/stable [i386])
Conf openssl (3.0.15-1~deb12u1 Debian:12.8/stable [amd64])
Conf linux-image-6.1.0-28-amd64 (6.1.119-1 Debian:12/stable [amd64])
Conf libc6:i386 (2.36-10 Debian:12/stable [i386])`

const dnf = `dnf
Last metadata expiration check: 0:00:01 ago on Sat.
Dependencies resolved.
================================================================================
 Package                 Architecture  Version            Repository       Size
================================================================================
Installing:
 kernel                  x86_64        5.14.0-503.el9     baseos          2.0 M
Upgrading:
 openssl                 x86_64        1:3.2.2-6.el9_5    baseos          1.3 M
     replacing  openssl-old.x86_64 1:3.0.7-1.el9
 a-package-whose-name-is-so-long-that-its-row-is-broken
                         noarch        2-1                appstream        12 k
Removing:
 gone                    noarch        1-1                @appstream      3.4 k
Skipping packages with broken dependencies:
 stuck                   x86_64        2-1                appstream       100 k

Transaction Summary
================================================================================
Install  1 Package
Upgrade  2 Packages
-- installed
openssl.x86_64 1:3.0.7-1.el9
a-package-whose-name-is-so-long-that-its-row-is-broken.noarch 1-1
kernel.x86_64x 1`

for (const [what, output, expected] of [
  [
    'what apt would do',
    apt,
    {
      upgrades: [
        { name: 'openssl', from: '3.0.14-1~deb12u2', to: '3.0.15-1~deb12u1' },
        { name: 'linux-image-6.1.0-28-amd64', to: '6.1.119-1' },
        { name: 'libc6:i386', from: '2.36-9', to: '2.36-10' },
      ],
      removals: ['old'],
      keptBack: ['held-a', 'held-b', 'held-c'],
    },
  ],
  [
    'nothing',
    'apt\nReading package lists...\n0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.',
    { due: false },
  ],
  ['what is no longer needed is no reason', 'apt\nRemv a [1]', { due: false, removals: ['a'] }],
  [
    'a package that is unpacked only',
    'apt\n1 not fully installed or removed.\nConf a (3 x [all])',
    { unfinished: ['a'] },
  ],
  ['a dpkg that was killed', 'apt\ninterrupted\nConf a (3 x [all])', { unfinished: ['a'] }],
  ['a dpkg that was killed, and says not of what', 'apt\ninterrupted\nReading package lists...', { unfinished: [''] }],
  [
    'what dnf would do',
    dnf,
    {
      manager: 'dnf',
      upgrades: [
        { name: 'kernel', to: '5.14.0-503.el9' },
        { name: 'openssl', from: '1:3.0.7-1.el9', to: '1:3.2.2-6.el9_5' },
        { name: 'a-package-whose-name-is-so-long-that-its-row-is-broken', from: '1-1', to: '2-1' },
      ],
      removals: ['gone'],
      keptBack: ['stuck'],
    },
  ],
  ['dnf: nothing', 'dnf', { manager: 'dnf', due: false }],
] as const)
  test(what, () => assert.equal(read(output), known(expected as Partial<Known>)))

test('what can not be told, and why', () => {
  assert.equal(read("unknown\nthe package lists can't be fetched: E: \u001b[2JFailed to fetch x"), {
    type: 'unknown',
    reason: "the package lists can't be fetched: E: [2JFailed to fetch x",
  })
  assert.match(JSON.stringify(read('none')), /"unavailable".*neither apt/)
})

for (const wrong of [
  'apt\nInst a;b [1] (2 x [all])',
  'apt\nInst a [1] (2\u001b x [all])',
  'dnf\nUpgrading:\n a b c d e\n-- installed',
  'yes',
])
  test(`no answer: ${JSON.stringify(wrong)}`, () => assert.throws(() => read(wrong)))

type Args = Parameters<typeof upgrade>[0]
const plan = (args: Args, fact: UpgradableFact, changed = false) => planWith(upgrade(args), () => fact, { changed })
const many = Array.from({ length: 14 }, (_, index) => ({ name: `p${index}`, to: '1' }))
for (const [what, args, fact, expected, changed] of [
  ['nothing to do', {}, known({ due: false }), 'nothing'],
  ['only to be removed', {}, known({ due: false, removals: ['a'] }), 'nothing'],
  ['one', {}, known({ upgrades: one }), '1 package: a 1 → 2'],
  ['a new one', {}, known({ upgrades: [{ name: 'a', to: '2' }] }), '1 package: a 2'],
  [
    'with all else',
    {},
    known({ upgrades: one, removals: ['b'], keptBack: ['c'] }),
    '1 package: a 1 → 2; goes: b; kept back: c',
  ],
  ['cut short', {}, known({ unfinished: ['a'] }), 'an earlier run of the package manager was cut short: a'],
  ['cut short somewhere', {}, known({ unfinished: [''] }), 'an earlier run of the package manager was cut short'],
  [
    'many',
    {},
    known({ upgrades: many }),
    `14 packages: ${many
      .slice(0, 12)
      .map(({ name }) => `${name} 1`)
      .join(', ')} and 2 more`,
  ],
  [
    'what stays would go',
    { except: ['kube*'] },
    known({ upgrades: one, removals: ['b', 'kubelet'] }),
    'refused: the upgrade would remove what has to stay: kubelet: see why with apt-get -s dist-upgrade',
  ],
  [
    'what is kept would go',
    { keep: ['haproxy'] },
    known({ manager: 'dnf', upgrades: one, removals: ['haproxy'] }),
    'refused: the upgrade would remove what has to stay: haproxy: see why with dnf --assumeno upgrade',
  ],
  [
    'another of a name like it',
    { except: ['runc'] },
    known({ upgrades: one, removals: ['runc2', 'xrunc'] }),
    '1 package: a 1 → 2; goes: runc2, xrunc',
  ],
  ['unknown', {}, { type: 'unknown', reason: 'no lists' }, 'refused: no lists'],
  ['no package manager', {}, { type: 'unavailable', reason: 'none' }, 'refused: none'],
  ['no package manager yet', {}, { type: 'unavailable', reason: 'none' }, 'checked again after the changes', true],
] as const)
  test(`plan: ${what}`, () => assert.is(planText(plan(args, fact as UpgradableFact, changed)), expected))

test('all of them are in the diff', () => {
  const { before, after } = plan({}, known({ upgrades: [...one, ...many], removals: ['z'] }))?.diff ?? {}
  assert.match(before ?? '', /^a 1\nz\n$/)
  assert.is(after?.split('\n').length, 16)
})

test('what is run: nothing is asked, files stay, locks are waited for', () => {
  const { text } = plan(
    { except: ['kube*', 'g++'], keep: ['nginx'], lockTimeout: 7, autoclean: true },
    known({ upgrades: one }),
  )?.apply ?? { text: '' }
  for (const part of [
    'DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l UCF_FORCE_CONFFOLD=1',
    'DPkg::Lock::Timeout=7',
    '--force-confold',
    "'Package: kube* g++'",
    "'APT::NeverAutoRemove::=^g\\+\\+$'",
    "'APT::NeverAutoRemove::=^nginx$'",
    '--auto-remove dist-upgrade',
    'apt autoclean',
    'dpkg --force-confdef --force-confold --configure -a',
  ])
    assert.ok(text.includes(part), `${part}\n${text}`)
  const rpm = plan({ except: ['kube*'], lockTimeout: 7 }, known({ manager: 'dnf', upgrades: one }))?.apply.text ?? ''
  for (const part of ["'--exclude=kube*'", 'exit_on_lock=True', '-lt 7']) assert.ok(rpm.includes(part), rpm)
  assert.not.match(plan({}, known({ upgrades: one }))?.apply.text ?? '', /autoclean|Pin:|grep -E/)
})

test('globs', () => {
  for (const [glob, name, holds] of [
    ['kube*', 'kubelet', true],
    ['kube*', 'minikube', false],
    ['g++', 'g++', true],
    ['a.c', 'abc', false],
    ['a?c', 'abc', true],
  ] as const)
    assert.is(new RegExp(expressionOf(glob)).test(name), holds, glob)
  assert.is(problemsOf(upgrade({ except: ['a b', '-o', 'a;b'], keep: ['a/b'] })).length, 4)
  assert.equal(problemsOf(upgrade({ except: ['*', 'g++', 'libc6*'] })), [])
})

test('files that stay are named', () => {
  const mark = 'new beside the one that stays: '
  assert.equal(keptFilesIn(`Setting up a\n${mark}/etc/a.conf.dpkg-dist\ndone`), [
    "/etc/a.conf stays as it was: /etc/a.conf.dpkg-dist is the package's own",
  ])
  assert.is(keptFilesIn(`${mark}/etc/a.rpmnew\n`.repeat(30)).length, 21)
  assert.equal(keptFilesIn(''), [])
})

test.run()
