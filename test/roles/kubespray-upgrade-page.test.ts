import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

// What docs/kubespray-upgrade.md says of the plays and tags of upgrade.mjs is so. The playbook is called as users call
// it; it only lists, so no host is needed.
const page = readFileSync('docs/kubespray-upgrade.md', 'utf8')
const dir = mkdtempSync(join(tmpdir(), 'rota-upgrade-page-'))
const inventory = join(dir, 'hosts.yml')
// With a release that is said, no master is asked for it.
writeFileSync(
  inventory,
  `all:
  vars: { kube_version: 1.33.4, kubespray_release: "2.28" }
kube_control_plane: { hosts: { m1: { ip: 10.0.0.1 } } }
etcd: { hosts: { m1: } }
kube_node: { hosts: { n1: { ip: 10.0.1.1 } } }
`,
)
test.after(() => rmSync(dir, { recursive: true }))

const { exitCode, all: listed } = await execa(
  'node',
  ['node_modules/zx/build/cli.js', 'playbooks/upgrade.mjs', '-i', inventory, '--list-hosts', '--list-tags'],
  { all: true, reject: false, env: { XDG_STATE_HOME: dir, NO_COLOR: '1' } },
)
assert.is(exitCode, 0, listed)

/** Words in backticks. */
const words = (text = ''): readonly string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word)

test('each play that it names is one of the playbook', () => {
  const plays = [...listed.matchAll(/^play: (.*) \(hosts:/gm)].map(([, name = '']) => name)
  // One word is a word that is stressed.
  const named = [...page.matchAll(/(?<!\*)\*([^*|\n]+ [^*|\n]+)\*(?!\*)/g)].map(([, name = '']) => name)
  assert.ok(named.length > 10)
  assert.equal(
    named.filter(name => !plays.some(play => play.startsWith(name))),
    [],
  )
})

test('its table of tags has all of the playbook, and refuses none of them', () => {
  const tags = /^tags: (.*)$/m.exec(listed)?.[1]?.split(', ') ?? []
  const rows = /^## Tags\n([\s\S]*?)^## /m.exec(page)?.[1]?.match(/^\|.*$/gm) ?? []
  assert.ok(tags.length > 10 && rows.length > 5)
  assert.equal(
    tags.filter(tag => !words(rows.join('\n')).includes(tag)),
    [],
  )
  const cells = rows.map(row => row.split('|'))
  const refused = cells
    .filter(([, , inRota = '']) => inRota.trim().startsWith('refused'))
    .flatMap(([, own]) => words(own))
  assert.ok(refused.length > 10)
  assert.equal(
    refused.filter(tag => tags.includes(tag)),
    [],
  )
})

test.run()
