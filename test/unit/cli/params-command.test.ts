import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, match, not } from 'uvu/assert'

const dir = mkdtempSync(join(tmpdir(), 'rota-params-'))
test.after(() => rmSync(dir, { recursive: true }))
// A playbook finds the package by its name.
mkdirSync(join(dir, 'node_modules'))
symlinkSync(process.cwd(), join(dir, 'node_modules/rota'))
const write = (name: string, text: string): string => {
  mkdirSync(dirname(join(dir, name)), { recursive: true })
  writeFileSync(join(dir, name), text)
  return join(dir, name)
}
const inventory = write(
  'hosts.ini',
  `[kube_control_plane]
m1 keepalived_auth_pass=s3cr3tpw kube_apiserver_port=7443
m2
[kube_node]
n1
[k8s_cluster:children]
kube_control_plane
kube_node
[all:vars]
kube_version=v1.30.4
kube_apiserver_port=6444
keepalived_virtual_address=10.0.0.100
`,
)
const rotaIn = (env: Readonly<Record<string, string>>, ...args: readonly string[]) =>
  execa('node', ['engine/bin.mjs', ...args], { reject: false, all: true, env })
const rota = (...args: readonly string[]) => rotaIn({}, ...args)
const params = (...args: readonly string[]) => rota('params', 'playbooks/upgrade.mjs', '-i', inventory, ...args)

test('each param has its value, type, source and place, and what it overrode', async () => {
  const { stdout, exitCode, stderr } = await params('--host', 'm1')
  equal(exitCode, 0, stderr)
  const [, after = ''] = stdout.split('cluster apiserverPort')
  equal(
    after
      .split('\n')
      .slice(0, 3)
      .map(line => line.replace(dir, 'DIR')),
    [
      ': 7443  (integer)',
      '  set by kube_apiserver_port, inventory host m1, DIR/hosts.ini:2:54',
      '    overrides 6444, kube_apiserver_port, inventory group [all:vars], DIR/hosts.ini:11:21',
    ],
  )
  match(stdout, 'keepalived apiserverPort: 7443  (integer, of the cluster)')
  match(stdout, /cluster virtualAddress: "10.0.0.100" {2}\(text\)\n {2}set by keepalived_virtual_address/)
  match(stdout, /haproxy fall: 2 {2}\(integer\)\n {2}the default/)
})

test('an extra variable is seen to win under any name, and a secret is not shown', async () => {
  const { all, stdout } = await params('--host=m1', '-e', 'haproxy_apiserver_port=8443')
  match(stdout, /cluster apiserverPort: 8443 .*\n {2}set by haproxy_apiserver_port, extra vars/)
  match(stdout, /keepalived authPassword: \(secret\)/)
  not.match(all ?? '', 's3cr3tpw')
})

test('what a secret overrides, or is overridden by, is told without its password', async () => {
  const vaulted = `$ANSIBLE_VAULT;1.1;AES256\n${'61'.repeat(40)}`.replaceAll('\n', '\n        ')
  write('group_vars/all.yml', `keepalived_router_id: !vault |\n        ${vaulted}\nkube_config_dir: ""\n`)
  write('host_vars/m1.yml', 'keepalived_router_id: one\n')
  try {
    const { stdout, all } = await params('--host', 'm1', '--limit', 'm1')
    match(
      all ?? '',
      /keepalived routerId: "one" .*\n {2}set by keepalived_router_id, host_vars.*\n {4}overrides \(secret\)/,
    )
    match(
      stdout,
      /kubeConfigDir: "\/etc\/kubernetes" .*\n {2}the default, for it is empty in kube_config_dir, group_vars/,
    )
  } finally {
    rmSync(join(dir, 'group_vars'), { recursive: true })
  }
})

test('of two clusters of which one extends the other, all values are shown, once', async () => {
  const book = write(
    'two.mjs',
    `import { defineCluster, play, playbook } from 'rota'
const port = { type: 'integer', default: 1, var: 'port' }
const base = defineCluster({ params: { type: 'object', properties: { port } } })
const region = { type: 'string', text: 'line', default: 'eu', var: 'region' }
const ours = defineCluster({ extends: base, params: { type: 'object', properties: { region } } })
const hosts = 'kube_control_plane'
const same = defineCluster({ extends: ours, params: { type: 'object', properties: {} } })
await playbook('two', [same, ours, base].map(cluster => play('p', { hosts, cluster, tasks: () => [] })))
`,
  )
  const { stdout, all } = await rota('params', book, '-i', inventory, '--host', 'm1')
  equal(stdout.match(/^cluster \w+: \S+/gm), ['cluster port: 1', 'cluster region: "eu"'], all)
})

test('a host that is not there, no host, and no playbook are refused', async () => {
  const wrong = await params('--host', 'm7')
  match(wrong.all ?? '', 'there is no host m7')
  match((await params()).all ?? '', 'name it: --host NAME')
  const none = await rota('params', 'playbooks/none.mjs', '--host', 'm1')
  match(none.all ?? '', 'there is no playbook playbooks/none.mjs')
  equal([wrong.exitCode, none.exitCode], [1, 1])
})

test("a checkout's defaults count by the flag, the variable and the environment, and so they are shown", async () => {
  write('checkout/galaxy.yml', 'name: kubespray\nversion: 2.28.1\n')
  write('checkout/roles/kubespray_defaults/defaults/main/main.yml', 'kube_log_level: 4\nkube_config_dir: /etc/k8s\n')
  const flag = ['--kubespray', join(dir, 'checkout')]
  const { stdout } = await params('--host', 'm1', ...flag)
  match(
    stdout.replaceAll(dir, 'DIR'),
    /control-plane logLevel: 4 {2}\(integer\)\n {2}set by kube_log_level, kubespray 2.28.1, DIR\/checkout\/roles\/kubespray_defaults\/defaults\/main\/main.yml:1:17/,
  )
  match((await params('--host', 'm1', '-e', `kubespray_dir=${dir}/checkout`)).stdout, 'kubeConfigDir: "/etc/k8s"')
  const named = await rotaIn(
    { ROTA_KUBESPRAY: `${dir}/checkout` },
    'run',
    'playbooks/upgrade.mjs',
    '-i',
    inventory,
    '--list-params=m1',
  )
  match(named.stdout, 'kubeConfigDir: "/etc/k8s"')
  const { stdout: without } = await params('--host', 'm1')
  match(without, 'kubeConfigDir: "/etc/kubernetes"')
  match((await rota('run', 'playbooks/upgrade.mjs', '--help')).stdout, '--kubespray <dir>')
})

test.run()
