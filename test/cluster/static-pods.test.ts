import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, match, not, ok } from 'uvu/assert'
import type { RunEvent } from '../../engine/journal/events.ts'
import { kubeconfig } from '../../roles/control-plane/credentials/kubeconfig.ts'
import { missingNames } from '../../roles/control-plane/names.ts'
import { makeCertificate } from '../../roles/lib/pki/make.ts'
import { labDown, labUp } from '../../scripts/lab/index.mjs'
import { startKubelet } from '../../scripts/lab/runtime.mjs'
import { type PlaybookResult, runPlaybook, testLab, totals } from '../lab/lab.ts'
import { whole } from './whole.ts'

/** Masters as static pods of real kubelets (document 004), upgraded with the commands of document 002. */
const name = `${testLab}-pods`
const lab = await labUp({ name, masters: 2, spareMasters: 1, nodes: 1, spareNodes: 0 })
const home = await mkdtemp(join(tmpdir(), 'rota-pods-'))
/**
 * Where the control machine writes: the inventory with its pki/, and temporary files. The run's own state is in its
 * journal.
 */
const [folder, temporary] = [join(home, 'inventory/cilumn-cluster'), join(home, 'tmp')]
const inventory = join(folder, 'hosts.ini')
await Promise.all([folder, temporary].map(dir => mkdir(dir, { recursive: true })))

const ip = (host: string): string => lab.hosts.find(item => item.name === host)?.ip ?? 'unknown'
const on = async (host: string, command: string): Promise<string> =>
  (await execa('docker', ['exec', `rota-${name}-${host}`, 'sh', '-c', command])).stdout

/** No key in it: that is the command's own. */
const inventoryText = (masters: readonly string[], vars: readonly string[] = []): string => `[all]
${lab.hosts.map(host => `${host.name} ansible_host=${host.ip} ip=${host.ip}`).join('\n')}

[kube_control_plane]
${masters.join('\n')}

[etcd]
master-1
master-2

[kube_node]
node-1

[k8s_cluster:children]
kube_control_plane
kube_node

[all:vars]
ansible_user=root
ansible_ssh_common_args='-o UserKnownHostsFile=${lab.files.knownHosts} -o StrictHostKeyChecking=yes'
kube_version=v1.20.2
kube_vip_address=${lab.vip}
kube_bin_cache=${lab.kubeDir}
kube_token_auth=true
control_plane_method=static-pods
nginx_proxy_variant=system
control_plane_stop_timeout=2
${vars.join('\n')}
`
const say = (masters: readonly string[], vars: readonly string[] = []) =>
  writeFile(inventory, inventoryText(masters, vars))

/**
 * As the document has it: `-i …/hosts.ini -b --become-user=root --private-key=path_to_insecure_private_key
 * upgrade-cluster.yml --tags=…`.
 */
const run = async (playbook: string, ...args: readonly string[]): Promise<PlaybookResult> => {
  const words = ['-b', '--become-user=root', `--private-key=${lab.files.key}`, ...args]
  return runPlaybook(`playbooks/${playbook}.mjs`, words, { inventory, env: { TMPDIR: temporary } })
}
async function green(playbook: string, ...args: readonly string[]): Promise<PlaybookResult> {
  const result = await run(playbook, ...args)
  if (result.exitCode !== 0)
    console.log(
      playbook,
      args,
      result.stderr,
      result.events.filter(event => /failed|stopped/.test(JSON.stringify(event))),
    )
  equal(result.exitCode, 0)
  return result
}
const changes = ({ events }: PlaybookResult): readonly string[] =>
  events.flatMap(event => (event.kind === 'task' && event.status === 'changed' ? [`${event.host}: ${event.task}`] : []))
const unchanged = (result: PlaybookResult): void => {
  equal(changes(result), [])
  equal(
    [...totals(result).values()].filter(({ outcome }) => outcome !== 'ok'),
    [],
  )
}

const bearer = (token: string) => `curl -sk -H 'Authorization: Bearer ${token}' https://127.0.0.1:6443/api/v1/nodes`
const tokenOf = (user: string): string =>
  readFileSync(join(folder, 'pki/known_tokens.csv'), 'utf8')
    .split('\n')
    .find(line => line.split(',')[1] === user)
    ?.split(',')[0] ?? ''
const sums = (host: string) => on(host, 'cd /srv/kubernetes && sha256sum * | sort')
const containers = (host: string) =>
  on(
    host,
    "docker ps --format '{{.Names}}' | grep -E 'kube-(apiserver|controller-manager|scheduler)' | grep -v POD || :",
  )
const version = (host: string) => on(host, 'kubectl --kubeconfig /etc/kubernetes/admin.conf version --short')
/** The certificate that a server shows, dialled from a node. */
const shown = (address: string) =>
  on('node-1', `openssl s_client -connect ${address} </dev/null 2>/dev/null | sed -n '/BEGIN CERT/,/END CERT/p'`)

test.before(async () => {
  await say(['master-1', 'master-2'])
  await Promise.all(
    lab.hosts.map(host => startKubelet(lab, host.name, host.name === 'node-1' ? {} : { images: ['kube'] })),
  )
})

test('two masters come up as static pods, and a second run finds nothing to do', async () => {
  await green('cluster', '--tags=etchosts,etcd,master,nginx,clients')
  for (const host of ['master-1', 'master-2']) {
    equal((await containers(host)).split('\n').length, 3)
    equal(await on(host, "systemctl list-unit-files 'kube-a*' 'kube-c*' 'kube-s*' --no-legend || :"), '')
    // Docker has mounted files, not directories; the daemon writes to them.
    for (const daemon of ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'])
      await on(
        host,
        `for i in $(seq 60); do [ "$(stat -c %s /var/log/${daemon}.log)" -le 1000 ] || exit 0; sleep 0.5; done; exit 1`,
      )
    match(
      await on(host, "docker exec $(docker ps -q -f name=k8s_kube-scheduler) cat /proc/1/cmdline | tr '\\0' ' '"),
      '--leader-elect=true',
    )
  }
  equal(await sums('master-1'), await sums('master-2'))
  unchanged(await green('upgrade', '--tags=etchosts,master,nginx,clients'))
})

test('tokens: a master and a node have one, and the API server knows whose it is', async () => {
  match(
    await on('master-2', bearer(tokenOf('system:kubectl-master-1'))),
    'User \\"system:kubectl-master-1\\" cannot list',
  )
  match(await on('master-1', bearer(tokenOf('system:kubelet-node-1'))), 'User \\"system:kubelet-node-1\\" cannot list')
  equal(tokenOf('system:kubectl-master-3'), '')
})

test('--tags=master: a third master joins with the credentials of a running one, all are upgraded one at a time, no request fails', async () => {
  const key = await on('master-1', 'cat /srv/kubernetes/server.key /srv/kubernetes/kubecfg.key')
  await say(['master-1', 'master-2', 'master-3'], ['kube_version=v1.20.3'])
  await on('node-1', 'rm -f /tmp/stop')
  const asking = on(
    'node-1',
    'n=0; f=0; while [ ! -e /tmp/stop ]; do n=$((n+1)); curl -sk --max-time 10 -o /dev/null https://127.0.0.1:6443/readyz || f=$((f+1)); sleep 0.05; done; echo "$n $f"',
  )
  const result = await green('upgrade', '--tags=master')
  await on('node-1', 'touch /tmp/stop')
  const [asked = 0, failed = -1] = (await asking).split(' ').map(Number)
  ok(asked > 100)
  equal(failed, 0)

  const batches = result.events.flatMap(event =>
    event.kind === 'batchStarted' && /masters/.test(event.play) ? [event.hosts] : [],
  )
  equal(batches.length, 3)
  equal(batches.flat().sort(), ['master-1', 'master-2', 'master-3'])
  const [first] = changes(result).filter(line => line.includes('credentials'))
  match(first ?? '', /^master-3/)
  match(JSON.stringify(result.events.filter(isCredentials)), 'server.key: copied from master-1')

  const all = await sums('master-1')
  for (const host of ['master-1', 'master-2', 'master-3']) {
    match(await version(host), 'Server Version: v1.20.3')
    equal((await containers(host)).split('\n').length, 3)
    equal(await sums(host), all)
    equal(
      await on(
        host,
        'stat -c "%a %n" /srv/kubernetes /srv/kubernetes/* | grep -v ca.crt | cut -d" " -f1 | sort | uniq -c | tr -s " "',
      ),
      ' 5 600\n 1 700',
    )
    equal(await on(host, 'find /srv/kubernetes /etc/kubernetes/manifests -name ".*" -type f'), '')
  }
  equal(await on('master-3', 'cat /srv/kubernetes/server.key /srv/kubernetes/kubecfg.key'), key)

  // Not one line of a key is on the control machine, nor in what it said.
  for (const line of key.split('\n').filter(text => text.length > 40)) {
    not.ok(result.journal.includes(line))
    not.ok(JSON.stringify(result.events).includes(line))
    const found = await execa('grep', ['-rlF', line, home, lab.files.dir], { reject: false })
    equal([found.exitCode, found.stdout], [1, ''])
  }
  not.ok(result.journal.includes(tokenOf('system:kubectl-master-3')))
})
const isCredentials = (event: RunEvent): boolean => event.kind === 'task' && event.task.includes('credentials')

test('every master shows every name that a client may use, and has the tokens of all', async () => {
  const wanted = {
    names: [
      'kubernetes',
      'localhost',
      'master-1',
      'master-2',
      'master-3',
      'kubernetes.default.svc.cluster.local',
      'lb-apiserver.kubernetes.local',
    ],
    addresses: ['127.0.0.1', '10.233.0.1', lab.vip, ip('master-1'), ip('master-2'), ip('master-3')],
  }
  for (const host of ['master-1', 'master-2', 'master-3']) {
    equal(missingNames(wanted, await shown(`${ip(host)}:6443`)), [])
    match(await on(host, bearer(tokenOf('system:kubectl-master-3'))), 'User \\"system:kubectl-master-3\\" cannot list')
  }
})

test('--tags=etchosts and --tags=nginx: every host knows the new master, the proxy of the node by a reload', async () => {
  const main = await on('node-1', 'systemctl show -p MainPID --value kube-nginx')
  await green('upgrade', '--tags=etchosts')
  await green('upgrade', '--tags=nginx')
  match(await on('node-1', 'cat /etc/hosts'), / master-3$/m)
  match(await on('node-1', 'cat /etc/nginx/kube-nginx.conf'), `server ${ip('master-3')}:6443`)
  equal(await on('node-1', 'systemctl show -p MainPID --value kube-nginx'), main)
  unchanged(await green('upgrade', '--tags=etchosts,master,nginx,clients'))
})

const kubelet = 'systemctl show -p MainPID --value kubelet'
test('--tags=clients: the kubelet of the node goes through its proxy, and nobody else is started anew', async () => {
  const authority = {
    certificate: readFileSync(join(folder, 'pki/ca.crt'), 'utf8'),
    key: readFileSync(join(folder, 'pki/ca.key'), 'utf8'),
  }
  const user = 'system:node:node-1'
  const pair = await makeCertificate(
    {
      name: 'kubelet',
      ca: 'ca',
      subject: { commonName: user, organization: 'system:nodes' },
      names: [],
      addresses: [],
      usages: ['client'],
    },
    authority,
    { certificateDays: 1, caDays: 1 },
    new Date(),
  )
  const before = kubeconfig({ server: `https://${ip('master-1')}:6443`, ca: authority.certificate, user, pair })
  await execa(
    'docker',
    [
      'exec',
      '-i',
      `rota-${name}-node-1`,
      'sh',
      '-c',
      'umask 077; cat >/etc/kubernetes/kubelet.conf; systemctl restart kubelet',
    ],
    { input: before },
  )
  const kubectl = 'kubectl --kubeconfig /etc/kubernetes/admin.conf'
  await on('master-1', `for i in $(seq 60); do ${kubectl} get node node-1 2>/dev/null && exit 0; sleep 1; done; exit 1`)
  const pids = await Promise.all(lab.hosts.map(host => on(host.name, kubelet)))

  const refused = await run(
    'upgrade',
    '--tags=clients',
    '-l',
    'node-1',
    '-e',
    'kube_clients_server=https://127.0.0.1:9',
    '-e',
    'kube_clients_timeout=2',
  )
  equal(refused.exitCode, 2)
  match(JSON.stringify(refused.events), 'https://127.0.0.1:9 does not serve the clients of node-1')
  equal(await on('node-1', 'cat /etc/kubernetes/kubelet.conf'), before.trimEnd())

  const result = await green('upgrade', '--tags=clients')
  equal(changes(result), ['node-1: the server in /etc/kubernetes/kubelet.conf', 'node-1: restart kubelet'])
  equal(
    await on('node-1', 'cat /etc/kubernetes/kubelet.conf'),
    before.replace(/https:\/\/[^"]+/, 'https://127.0.0.1:6443').trimEnd(),
  )
  equal(await on('node-1', 'stat -c %a /etc/kubernetes/kubelet.conf'), '600')
  const later = await Promise.all(lab.hosts.map(host => on(host.name, kubelet)))
  equal(
    lab.hosts.filter((_, index) => pids[index] !== later[index]).map(host => host.name),
    ['node-1'],
  )
  match(await on('node-1', `ss -Htnp state established dport = :6443 dst 127.0.0.1 | grep kubelet`), '127.0.0.1:6443')
  equal(await on('node-1', `ss -Htnp state established dst ${ip('master-1')} | grep kubelet || :`), '')
  equal(
    await on('master-2', `${kubectl} get node node-1 -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'`),
    'True',
  )
  unchanged(await green('upgrade', '--tags=clients'))
})

whole('controllers go where the operator says, their pods are started anew, and an upgrade leaves it so', async () => {
  const vars = ['kube_version=v1.20.3', `kube_clients_server=https://${ip('master-1')}:6443`]
  await say(['master-1', 'master-2', 'master-3'], vars)
  const before = await containers('master-2')
  const result = await green('upgrade', '--tags=clients', '-l', 'master-2')
  equal([...changes(result)].sort(), [
    'master-2: restart kube-controller-manager',
    'master-2: restart kube-scheduler',
    'master-2: the server in /etc/kubernetes/controller-manager.conf',
    'master-2: the server in /etc/kubernetes/scheduler.conf',
  ])
  not.equal(await containers('master-2'), before)
  match(
    await on(
      'master-2',
      `for i in $(seq 20); do ss -Htnp state established dst ${ip('master-1')} dport = :6443 | grep kube-scheduler && exit 0; sleep 0.5; done`,
    ),
    'kube-scheduler',
  )
  unchanged(await green('upgrade', '--tags=master,clients', '-l', 'master-2'))
  await say(['master-1', 'master-2', 'master-3'], ['kube_version=v1.20.3'])
})

whole('one that becomes units has no pods any more, and back; nothing of the old one listens', async () => {
  const units = await green('upgrade', '--tags=master', '-l', 'master-2', '-e', 'control_plane_method=binaries')
  ok(changes(units).includes('master-2: no static pods of the control plane'))
  equal(await containers('master-2'), '')
  equal(
    await on(
      'master-2',
      'ls /etc/kubernetes/manifests; systemctl is-active kube-apiserver kube-controller-manager kube-scheduler | sort -u',
    ),
    'active',
  )
  const pods = await green('upgrade', '--tags=master', '-l', 'master-2')
  ok(changes(pods).includes('master-2: no unit kube-apiserver'))
  equal((await containers('master-2')).split('\n').length, 3)
  equal(
    await on(
      'master-2',
      "systemctl list-units --all 'kube-a*' 'kube-c*' 'kube-s*' --no-legend; ss -Hltnp 'sport = :6443' | wc -l",
    ),
    '1',
  )
})

test('a master that leaves keeps nothing: no pods, no manifests, no credentials, no token', async () => {
  const token = tokenOf('system:kubectl-master-3')
  await green('remove-master', '-e', 'node=master-3')
  equal(await containers('master-3'), '')
  equal(
    await on('master-3', 'ls -d /srv/kubernetes /etc/kubernetes/manifests/* /etc/kubernetes/*.conf 2>/dev/null || :'),
    '',
  )
  equal(await on('master-3', "ss -Hltn | grep -E ':(6443|10257|10259)\\b' || :"), '')
  equal(tokenOf('system:kubectl-master-3'), '')
  match(await on('master-1', bearer(token)), '"code": 401')
})

test.after(async () => {
  await rm(home, { recursive: true })
  if (!process.env.ROTA_KEEP_LAB) await labDown({ name })
})

test.run()
