import { readFileSync, writeFileSync } from 'node:fs'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, is, match, ok } from 'uvu/assert'
import { kubeVersions, labDown, labUp, setVariable } from '../../scripts/lab/index.mjs'
import { startEngine } from '../../scripts/lab/runtime.mjs'
import { type PlaybookResult, runPlaybook, testLab, totals } from '../lab/lab.ts'
import { commandsUnder, everywhere } from '../lab/restore-page.ts'
import { settings } from './kubeadm-settings.ts'

/**
 * Two masters that kubeadm makes, with their own etcd members and kubelets: what a run keeps of etcd before it changes
 * them, how that is brought back when all data are gone, and a master whose kubelet does not come back.
 */
const lab = `${testLab}-restore`
const inventory = `inventory/${lab}/hosts.ini`
const masters = ['master-1', 'master-2']
const [oldVersion = '', newVersion = ''] = kubeVersions()

const on = async (host: string, command: string): Promise<string> =>
  (await execa('docker', ['exec', '-i', `rota-${lab}-${host}`, 'sh', '-c', command])).stdout
const kubectl = (command: string) => on('master-1', `kubectl --kubeconfig /etc/kubernetes/admin.conf ${command}`)
const edit = (change: (text: string) => string) => writeFileSync(inventory, change(readFileSync(inventory, 'utf8')))
const told = (result: PlaybookResult): string =>
  `${result.events.flatMap(event => ('message' in event && event.message ? [event.message] : [])).join('\n')}${result.stderr}`

async function green(playbook: string, args: readonly string[] = []): Promise<PlaybookResult> {
  const result = await runPlaybook(`playbooks/${playbook}.mjs`, args, { inventory })
  is(result.exitCode, 0, told(result))
  return result
}

/** Where a run says that it has kept one. */
const keptBy = (result: PlaybookResult) =>
  result.events.flatMap(event => {
    const [, host = '', path = ''] =
      (event.kind === 'note' &&
        /^(\S+): a snapshot of etcd is in (\S+) \(\d+ MiB, \d+ keys, revision \d+\)$/.exec(event.text)) ||
      []
    return path === '' ? [] : [{ host, path }]
  })
const files = async () =>
  (
    await everywhere(
      masters,
      on,
      'find /var/backups/rota-etcd /var/lib/etcd -name "*rota*" -o -name "*.db" -path "*rota-etcd*" 2>/dev/null || :',
    )
  )
    .flatMap(text => text.split('\n'))
    .filter(line => line.endsWith('.db') || line.includes('.rota'))

let before: { readonly host: string; readonly path: string } | undefined

test('a run keeps one snapshot before a member joins, one before masters are upgraded, and none where nothing is to be done', async () => {
  await labDown({ name: lab })
  const info = await labUp({ name: lab, masters: 2, nodes: 0, spareMasters: 0, spareNodes: 0 })
  await Promise.all(masters.map(host => startEngine(info, host, { images: ['pause', 'etcd', 'kube'] })))
  edit(text => `${text}${settings}`)
  is(keptBy(await green('cluster')).length, 1)
  await kubectl("-n default create configmap kept --from-literal=when='before the upgrade'")
  edit(text => setVariable(text, 'kube_version', newVersion))
  const upgraded = keptBy(await green('upgrade'))
  is(upgraded.length, 1)
  before = upgraded[0]
  is((await files()).length, 2)
  equal(await on(before?.host ?? '', `stat -c '%a %u' ${before?.path}`), '600 0')
  const again = await green('upgrade')
  equal(keptBy(again), [])
  for (const { host, changed } of totals(again).values()) equal([host, changed], [host, 0])
  is((await files()).length, 2)
})

test('a master whose kubelet dies takes no pods again, though its API server serves; the next run takes it back', async () => {
  const isCordoned = () => kubectl("get node master-2 -o 'jsonpath={.spec.unschedulable}'")
  const args = ['--tags', 'master', '-l', 'master-2']
  await on('master-2', 'chmod 0700 /etc/kubernetes')
  let frozen: Promise<unknown> | undefined
  const cut = await runPlaybook('playbooks/upgrade.mjs', [...args, '-e', 'upgrade_node_ready_timeout=15'], {
    inventory,
    interruptOn: event => {
      if (
        event.kind === 'around' &&
        event.name === 'the node is drained' &&
        `${event.phase} ${event.status}` === 'enter done'
      )
        frozen ??= on('master-2', 'systemctl kill -s STOP kubelet')
      return false
    },
  })
  await frozen
  ok(frozen !== undefined, told(cut))
  is(cut.exitCode, 2)
  match(told(cut), /master-2 was Ready before its changes and is not so 15 s after them \(.*\): it stays cordoned/)
  equal([await isCordoned(), await kubectl('get --raw /readyz')], ['true', 'ok'])
  match(await on('master-2', 'ls -R /var/lib/rota/pending'), 'node-is-drained')
  await on('master-2', 'systemctl kill -s CONT kubelet')
  await green('upgrade', args)
  equal([await isCordoned(), await on('master-2', 'ls -R /var/lib/rota/pending | grep drained || :')], ['', ''])
})

test('all data are gone, the page is followed, and the cluster is what it was before the upgrade; the run goes on from there', async () => {
  await kubectl('-n default create configmap later')
  ok(before)
  const content = await on(before.host, `base64 <${before.path}`)
  await everywhere(masters, on, `umask 077; base64 -d >/root/etcd-restore.db <<'END'\n${content}\nEND`)
  await everywhere(masters, on, 'rm -rf /var/lib/etcd/member/wal /var/lib/etcd/member/snap/db')
  for (const heading of ['1. The snapshot, on every member', '2. The API servers stop'])
    for (const command of commandsUnder(heading))
      await everywhere(masters, on, `mkdir -p /var/backups/rota-etcd; ${command}`)
  const [who = '', stop = '', restore = '', start = '', look = ''] = commandsUnder("etcd as a static pod of kubeadm's")
  const members = (await everywhere(masters, on, who)).join(',')
  match(members, /^master-1=https:\/\/\S+:2380,master-2=https:\/\/\S+:2380$/)
  await everywhere(masters, on, stop)
  await everywhere(masters, on, `members='${members}'\n${restore}`)
  await everywhere(masters, on, start)
  for (const health of await everywhere(masters, on, look)) match(health, '"health":"true"')
  for (const command of commandsUnder('4. The API servers start')) await everywhere(masters, on, command)
  match(await kubectl('-n default get configmap kept -o yaml'), 'before the upgrade')
  equal(await kubectl('-n default get configmap later --ignore-not-found'), '')
  match(await kubectl("-n kube-system get configmap kubeadm-config -o 'jsonpath={.data}'"), oldVersion)
  await green('upgrade')
  match(await kubectl("-n kube-system get configmap kubeadm-config -o 'jsonpath={.data}'"), newVersion)
})

test.after(async () => {
  if (process.env.ROTA_KEEP_LAB === undefined) await labDown({ name: lab })
})

test.run()
