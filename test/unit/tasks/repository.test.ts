import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { repository } from '../../../engine/tasks/index.ts'
import { sha256 } from '../../../engine/tasks/local.ts'
import { converge, pass } from '../../hostile/victim.ts'
import { type Host, hostShells, onHost } from './own-etc.ts'
import { entry, planText, planWith, problemsOf } from './plan.ts'

const key = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n-----END PGP PUBLIC KEY BLOCK-----'
const apt = {
  uris: 'https://a/debian',
  suites: ['bookworm', 'bookworm-updates'],
  components: ['main', 'x'],
  signedBy: key,
}
const dnf = { baseurl: 'https://a/$releasever', gpgkey: key }
type Args = Parameters<typeof repository>[0]
const both: Args = { name: 'it', apt, dnf }

const folder = entry({ type: 'directory', mode: '0755' })
const folders = ['/etc/apt/sources.list.d', '/etc/apt/keyrings', '/etc/yum.repos.d', '/etc/pki/rpm-gpg']
const plan = (args: Args, packageManager: string, files: Readonly<Record<string, string>> = {}) =>
  planWith(repository(args), ({ kind, args: asked }) => {
    if (kind.name === 'os') return { packageManager }
    const { path } = asked as { path: string }
    const text = files[path]
    if (text !== undefined)
      return entry({ sha256: sha256(text), content: { base64: Buffer.from(text).toString('base64') } })
    return folders.includes(path) ? folder : { type: 'absent' }
  })

const sources = `Types: deb
URIs: https://a/debian
Suites: bookworm bookworm-updates
Components: main x
Signed-By: /etc/apt/keyrings/it.asc
`
const repo = `[it]
name=it
baseurl=https://a/$releasever
enabled=1
gpgcheck=1
repo_gpgcheck=0
gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-it
`
const aptFiles = { '/etc/apt/sources.list.d/it.sources': sources, '/etc/apt/keyrings/it.asc': `${key}\n` }

test('what is written', () => {
  assert.is(plan(both, 'apt')?.diff?.after, sources)
  assert.is(plan(both, 'dnf')?.diff?.after, repo)
  assert.is(
    plan(
      {
        name: 'it',
        apt: {
          uris: ['https://a/', 'https://b/'],
          suites: './',
          types: ['deb', 'deb-src'],
          architectures: ['amd64'],
          signedBy: '/k.gpg',
        },
        enabled: false,
      },
      'apt',
    )?.diff?.after,
    'Enabled: no\nTypes: deb deb-src\nURIs: https://a/ https://b/\nSuites: ./\nArchitectures: amd64\nSigned-By: /k.gpg\n',
  )
  assert.is(
    plan(
      { name: 'it', dnf: { description: 'A b', baseurl: ['https://a', 'https://b'], gpgcheck: false }, enabled: false },
      'yum',
    )?.diff?.after,
    '[it]\nname=A b\nbaseurl=https://a\n        https://b\nenabled=0\ngpgcheck=0\nrepo_gpgcheck=0\n',
  )
  assert.match(
    plan({ name: 'it', dnf: { metalink: 'https://m', gpgkey: 'https://k' } }, 'dnf')?.diff?.after ?? '',
    'gpgkey=https://k\n',
  )
})

for (const [name, args, manager, files, text] of [
  [
    'new, with its key',
    both,
    'apt',
    {},
    '/etc/apt/keyrings/it.asc does not exist, /etc/apt/sources.list.d/it.sources does not exist',
  ],
  ['there', both, 'apt', aptFiles, 'nothing'],
  [
    'another key',
    both,
    'apt',
    { ...aptFiles, '/etc/apt/keyrings/it.asc': 'old' },
    '/etc/apt/keyrings/it.asc content differs',
  ],
  ['by dnf', { name: 'it', dnf: { ...dnf, gpgkey: '/k' } }, 'dnf', {}, '/etc/yum.repos.d/it.repo does not exist'],
  [
    'nothing said for dnf',
    { name: 'it', apt },
    'dnf',
    {},
    'refused: this host has dnf, and nothing is said of dnf for it',
  ],
  [
    'another system',
    both,
    'apk',
    {},
    'refused: this host has neither apt nor dnf: there is no place for the repository it',
  ],
  [
    'gone',
    { name: 'it', state: 'absent' },
    'apt',
    aptFiles,
    'remove /etc/apt/sources.list.d/it.sources, /etc/apt/keyrings/it.asc',
  ],
  ['gone already', { name: 'it', state: 'absent' }, 'apk', {}, 'nothing'],
] as const)
  test(`plan: ${name}`, () => assert.is(planText(plan(args, manager, files)), text))

test('plan: the metadata come before the file, and of it alone', () => {
  const shell = (args: Args, manager: string) => plan(args, manager)?.apply.text ?? ''
  assert.match(shell(both, 'apt'), /keyrings\/it\.asc[\s\S]*Dir::Etc::sourcelist[\s\S]*rota_install .*it\.sources/)
  assert.match(
    shell(both, 'dnf'),
    /RPM-GPG-KEY-it[\s\S]*--setopt=reposdir="\$alone" --setopt=it\.skip_if_unavailable=0 makecache[\s\S]*rota_install .*it\.repo/,
  )
  for (const manager of ['apt', 'dnf'])
    assert.not.match(shell({ ...both, enabled: false }, manager), /makecache|sourcelist/)
})

test('arguments', () => {
  const count = (more: object) => problemsOf(repository({ ...both, ...more })).length
  assert.is(count({}), 0)
  assert.is(count({ apt: { ...apt, suites: './', components: [] }, dnf: { ...dnf, gpgkey: 'https://k' } }), 0)
  for (const more of [
    { name: '../a' },
    { name: 'a', apt: undefined, dnf: undefined },
    { apt: { ...apt, uris: 'a' } },
    { apt: { ...apt, uris: [] } },
    { apt: { ...apt, suites: 'a\nTrusted: yes' } },
    { apt: { ...apt, components: [] } },
    { apt: { ...apt, suites: './' } },
    { apt: { ...apt, signedBy: 'https://a/key' } },
    { apt: { ...apt, signedBy: key.slice(0, 60) } },
    { dnf: { gpgkey: key } },
    { dnf: { baseurl: 'https://a' } },
    { dnf: { ...dnf, description: 'a\ngpgcheck=0' } },
    { dnf: { ...dnf, baseurl: 'https://a\ngpgcheck=0' } },
    { lockTimeout: -1 },
  ])
    assert.is(count(more), 1, JSON.stringify(more))
})

// In the place of apt-get: it tells what it was asked, and shows the list that it was given.
const fake = `#!/bin/sh
[ ! -e "$DIR/broken" ] || { cat "$DIR/broken"; exit "$(cat "$DIR/code")"; }
for word; do case $word in Dir::Etc::sourcelist=*) cp "\${word#*=}" "$DIR/seen" ;; esac; done
printf '%s\\n' "$*" >"$DIR/asked"
`
const prepare = ({ dir, etc }: Omit<Host, 'channel'>) => {
  mkdirSync(join(etc, 'apt/sources.list.d'), { recursive: true })
  writeFileSync(join(dir, 'apt-get'), fake.replaceAll('$DIR', dir))
  chmodSync(join(dir, 'apt-get'), 0o755)
  return { [join(dir, 'apt-get')]: '/usr/bin/apt-get' }
}
const hasApt = existsSync('/usr/bin/apt-get')

for (const [name, words] of hasApt ? hostShells : []) {
  if (name === 'busybox') continue
  test(`${name}: fetched, and then written down`, () =>
    onHost(
      words,
      async ({ dir, etc, channel }) => {
        const at = (path: string) => readFileSync(join(etc, path), 'utf8')
        await converge(channel, [repository(both)])
        assert.equal([at('apt/sources.list.d/it.sources'), at('apt/keyrings/it.asc')], [sources, `${key}\n`])
        assert.is(statSync(join(etc, 'apt/keyrings/it.asc')).mode & 0o777, 0o644)
        assert.is(readFileSync(join(dir, 'seen'), 'utf8'), sources)
        assert.match(readFileSync(join(dir, 'asked'), 'utf8'), /Dir::Etc::sourceparts=- .*Error-Mode=any update$/m)
        await converge(channel, [repository({ name: 'it', state: 'absent' })])
        assert.equal([readdirSync(join(etc, 'apt/sources.list.d')), readdirSync(join(etc, 'apt/keyrings'))], [[], []])
      },
      prepare,
    ))

  test(`${name}: what can't be fetched is not written down, and is tried again`, () =>
    onHost(
      words,
      async ({ dir, etc, channel }) => {
        // The second is how an older apt says it.
        for (const [code, said] of [
          [100, 'E: The repository is not signed.'],
          [0, 'W: Failed to fetch https://a/debian'],
        ] as const) {
          writeFileSync(join(dir, 'broken'), said)
          writeFileSync(join(dir, 'code'), String(code))
          const { failed } = await pass(channel, [repository(both)])
          assert.match(failed ?? '', said)
          assert.equal(readdirSync(join(etc, 'apt/sources.list.d')), [])
        }
        rmSync(join(dir, 'broken'))
        await converge(channel, [repository(both)])
        assert.equal(readdirSync(join(etc, 'apt/sources.list.d')), ['it.sources'])
      },
      prepare,
    ))
}

test.run()
