import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, is, match, ok } from 'uvu/assert'
import { formatProblem } from '../../../engine/failure/index.ts'
import { play } from '../../../engine/index.ts'
import { loadInventory } from '../../../engine/inventory/index.ts'
import { batchGatesOf } from '../../../engine/plan/batch-gates.ts'
import { bindPlays } from '../../../engine/plan/index.ts'
import { newRedactor } from '../../../engine/secrets/redactor.ts'
import { upgradeGates } from '../../../roles/lib/gates/upgrade-gates.ts'

/** A folder with an inventory of two masters and two workers, and these files. */
function inventoryOf(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'rota-gates-'))
  const hosts =
    '[kube_control_plane]\nm1\nm2\n[kube_node]\nn1\nn2\n[k8s_cluster:children]\nkube_control_plane\nkube_node\n'
  for (const [name, text] of Object.entries({ 'hosts.ini': hosts, ...files })) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  return dir
}

/** The gates of its masters and of its workers, and what is wrong with them. */
async function gatesIn(files: Readonly<Record<string, string>>) {
  const dir = inventoryOf(files)
  try {
    const inventory = await loadInventory({ sources: [join(dir, 'hosts.ini')] })
    const redactor = newRedactor()
    const of = (hosts: string) => play(hosts, { hosts, serial: 1, tasks: [], afterBatch: [upgradeGates()] })
    const plays = [of('kube_control_plane'), of('kube_node')]
    const bound = bindPlays(plays, inventory, { tags: { only: [], skip: [] }, redactor })
    const problems = [...new Set(bound.problems.map(formatProblem))].map(text => text.replaceAll(`${dir}/`, ''))
    const gates =
      problems.length > 0 ? [] : bound.plays.map(({ play: one, hosts }) => batchGatesOf(one, hosts, bound.view))
    return { problems, gates, redactor }
  } finally {
    rmSync(dir, { recursive: true })
  }
}

const good = `upgrade_gates:
  - name: the shop answers
    http:
      url: https://shop.example.org/healthz
      contains: ok
      token: shop
    timeout: 10m
    interval: 15
    hold_for: 1m30s
  - name: no pod waits for a node
    kubectl:
      resource: pods
      all_namespaces: true
      path: "{.status.phase}"
      value: Pending
      at_most: 0
  - name: few errors
    prometheus:
      url: https://prometheus.example.org
      query: sum(rate(errors[5m]))
      below: 0.5
      over: 5m
  - name: no volume is degraded
    command:
      run: "! zpool status -x | grep -q DEGRADED"
      host: n1
upgrade_gate_tokens:
  shop: "tok-{{ 4711 }}-0815"
`

test('gates of the inventory, with their times, their places and their tokens; of all hosts once', async () => {
  const { problems, gates, redactor } = await gatesIn({ 'group_vars/all.yml': good })
  equal(problems, [])
  const [ofMasters = [], ofWorkers = []] = gates
  equal(
    ofMasters.map(({ name }) => name),
    ['the shop answers', 'no pod waits for a node', 'few errors', 'no volume is degraded'],
  )
  equal(ofWorkers.length, 4)
  const [shop, pods, errors, volume] = ofMasters
  equal([shop?.timeout, shop?.interval, shop?.holdFor, pods?.timeout, pods?.holdFor], [600, 15, 90, 300, 0])
  equal([shop?.origin.line, pods?.origin.line, shop?.origin.column], [2, 10, 5])
  equal(shop?.secrets, ['tok-4711-0815'])
  ok(redactor.isIn('tok-4711-0815'))
  is(pods?.expected, 'at most 0 pods of all namespaces with {.status.phase} Pending')
  is(errors?.expected, 'sum(rate(errors[5m])) below 0.5 for the last 300 s')
  is(volume?.host, 'n1')
})

test('none are none, and workers may have others than masters', async () => {
  equal((await gatesIn({})).gates, [[], []])
  const one = (name: string) => `upgrade_gates: [{ name: ${name}, command: { run: 'true' } }]\n`
  const { gates } = await gatesIn({
    'group_vars/kube_node.yml': one('of workers'),
    'group_vars/kube_control_plane.yml': one('of masters'),
  })
  equal(
    gates.map(of => of.map(({ name }) => name)),
    [['of masters'], ['of workers']],
  )
})

test('a host of its own variables has gates of its own', async () => {
  const text = "upgrade_gates: [{ name: it answers, http: { url: 'https://{{ inventory_hostname }}:6443/' } }]\n"
  const { gates } = await gatesIn({ 'group_vars/all.yml': text })
  equal(
    gates[0]?.map(({ expected }) => expected),
    ['https://m1:6443/ answers 200–299', 'https://m2:6443/ answers 200–299'],
  )
})

const bad = `upgrade_gates:
  - name: shop
    htpp: { url: "https://shop" }
  - name: web
    http: { url: shop.example.org, statsu: 200 }
    hold: 1m
  - name: pods
    kubectl: { resource: pods, path: "{.status[", value: Running }
  - name: both
    command: { run: "true", host: m3 }
    http: { url: "https://shop" }
    timeout: 1m
    hold_for: 2m
  - http: { url: "https://shop", token: shpo }
    timeout: soon
  - name: errors
    prometheus: { url: "https://prometheus", query: up, over: 0 }
  - name: pods
    command: { run: "true", host: m3 }
  - name: without a bound
    prometheus: { url: "https://prometheus", query: up }
upgrade_gate_tokens: { shop: abcd-4711 }
`

test('what is wrong is refused with its place and the nearest name, all at once and each once', async () => {
  const { problems } = await gatesIn({ 'group_vars/all.yml': bad })
  const of = (line: number) => problems.filter(text => text.startsWith(`group_vars/all.yml:${line}:`)).join('\n')
  match(of(2), /has an unknown key "htpp" .*did you mean http\?/)
  match(problems.join('\n'), /has an unknown key "statsu" .*did you mean status\?/)
  match(problems.join('\n'), /has an unknown key "hold" .*did you mean hold_for\?/)
  match(problems.join('\n'), /upgrade_gates\.1\.http\.url: "shop\.example\.org" is not an http:\/\/ or https:\/\/ URL/)
  match(problems.join('\n'), /upgrade_gates\.4\.timeout: "soon" is not a duration/)
  match(problems.join('\n'), /must have required property 'name'/)
  match(problems.join('\n'), /upgrade_gates\.5\.prometheus\.over: 0 must be >= 1/)
  for (const text of problems) match(text, /^group_vars\/all\.yml:\d+:\d+: /)
  // A wrong key hides nothing of the other items.
  const others = [
    /all\.yml:7:5: gate "pods": "\{\.status\[" is no JSONPath/,
    /all\.yml:9:5: gate "both": it has http and command/,
    /all\.yml:9:5: gate "both": it could never hold for 120 s/,
    /all\.yml:18:5: gate "pods": there are two of this name/,
    /all\.yml:18:5: gate "pods": there is no host "m3"/,
    /all\.yml:20:5: gate "without a bound": it needs a bound/,
  ]
  for (const one of others) match(problems.join('\n'), one)
  is(problems.length, 7 + others.length, problems.join('\n'))
})

const clashing = `upgrade_gates:
  - name: pods
    kubectl: { resource: pods, path: "{.status[", value: Running }
  - name: both
    command: { run: "true", host: m3 }
    http: { url: "https://shop" }
    timeout: 1m
    hold_for: 2m
  - name: shop
    http: { url: "https://shop", token: shpo }
  - name: errors
    prometheus: { url: "https://prometheus", query: up }
  - name: pods
    command: { run: "true", host: n3 }
  - name: nothing
upgrade_gate_tokens: { shop: abcd-4711 }
`

test('what clashes is refused in the same way', async () => {
  const { problems } = await gatesIn({ 'group_vars/all.yml': clashing })
  const expected = [
    /all\.yml:2:5: gate "pods": "\{\.status\[" is no JSONPath/,
    /all\.yml:4:5: gate "both": it has http and command: one of http, command, kubectl and prometheus is needed/,
    /all\.yml:4:5: gate "both": it could never hold for 120 s/,
    /all\.yml:9:5: gate "shop": upgrade_gate_tokens has no "shpo" \(did you mean shop\?\)/,
    /all\.yml:11:5: gate "errors": it needs a bound/,
    /all\.yml:13:5: gate "pods": there are two of this name/,
    /all\.yml:13:5: gate "pods": there is no host "n3" \(did you mean n1/,
    /all\.yml:15:5: gate "nothing": it has nothing to ask/,
  ]
  for (const one of expected) match(problems.join('\n'), one)
  is(problems.length, expected.length, problems.join('\n'))
  is(problems.join('\n').includes('abcd-4711'), false)
})

test('the example of the documentation is what it says', async () => {
  const page = readFileSync(new URL('../../../docs/gates.md', import.meta.url), 'utf8')
  const example = /```yaml\n(.*?)```/s.exec(page)?.[1] ?? ''
  const text = `${example.replace('storage-1', 'n1')}vault_shop_token: tok-4711-0815\n`
  const { problems, gates } = await gatesIn({ 'group_vars/all.yml': text })
  equal(problems, [])
  equal(gates[0]?.length, 5)
  equal(gates[0]?.[0]?.secrets, ['tok-4711-0815'])
})

const upgrade = new URL('../../../playbooks/upgrade.mjs', import.meta.url).pathname

for (const group of ['kube_control_plane', 'kube_node'])
  test(`upgrade.mjs asks the gates of ${group}`, async () => {
    const dir = inventoryOf({
      'group_vars/all.yml': 'kube_version: 1.31.2\nkube_vip_address: 192.0.2.100\n',
      [`group_vars/${group}.yml`]: "upgrade_gates: [{ name: lost, command: { run: 'true', host: nowhere } }]\n",
    })
    try {
      const { exitCode, stderr } = await execa('node', [upgrade, '-i', join(dir, 'hosts.ini'), '--check'], {
        reject: false,
        env: { XDG_STATE_HOME: join(dir, 'state') },
      })
      is(exitCode, 1, stderr)
      match(stderr, new RegExp(`group_vars/${group}\\.yml:1:\\d+: gate "lost": there is no host "nowhere"`))
    } finally {
      rmSync(dir, { recursive: true })
    }
  })

test.run()
