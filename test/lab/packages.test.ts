import { test } from 'uvu'
import { equal, match } from 'uvu/assert'
import { addToGroup } from '../../scripts/lab/index.mjs'
import { inHost, runPlaybook, totals, upLab, withInventory } from './lab.ts'

const playbook = 'test/lab/playbooks/packages.mjs'
const hosts = ['node-1', 'node-3']
const run = (...args: string[]) => runPlaybook(playbook, ['-l', hosts.join(','), ...args])
const changes = (result: Awaited<ReturnType<typeof run>>) => hosts.map(host => totals(result).get(host)?.changed)

await upLab()
// Another test may have had nginx on these hosts.
await run('-e', 'some_packages_state=absent')

test('packages come by apt on one host and by dnf on another, each by the name it has there; a second run finds nothing to do', async () => {
  match(await inHost('node-3', 'command -v dnf; command -v apt-get || echo no apt'), /dnf\nno apt/)
  const first = await run()
  equal([first.exitCode, ...changes(first)], [0, 1, 1], first.stderr)
  match(await inHost('node-1', 'dpkg-query -W nginx libnginx-mod-stream'), 'libnginx-mod-stream')
  match(await inHost('node-3', 'rpm -q nginx nginx-mod-stream'), /^nginx-1.*\nnginx-mod-stream-1/)
  for (const host of hosts) match(await inHost(host, 'nginx -v 2>&1'), 'nginx/1')
  const second = await run()
  equal([second.exitCode, ...changes(second)], [0, 0, 0])
})

test('check mode tells what would be removed, and a run removes it', async () => {
  const checked = await run('-e', 'some_packages_state=absent', '--check')
  equal([checked.exitCode, ...changes(checked)], [0, 1, 1])
  match(await inHost('node-3', 'rpm -q nginx'), /^nginx-1/)
  const removed = await run('-e', 'some_packages_state=absent')
  equal([removed.exitCode, ...changes(removed)], [0, 1, 1])
  match(await inHost('node-3', 'rpm -q nginx || :'), 'not installed')
})

test('haproxy, keepalived and nginx of a host with dnf: made, nothing to do in a second run, gone again', async () => {
  const vip = (await upLab()).vip
  const balancer = (text: string) => `${addToGroup(text, 'node-3', 'kube_node')}\n[load_balancer]\nnode-3\n`
  await withInventory(balancer, async inventory => {
    const upgrade = (...args: string[]) =>
      runPlaybook('playbooks/upgrade.mjs', ['-l', 'node-3', '--tags', 'haproxy,keepalived,nginx', ...args], {
        inventory,
      })
    const first = await upgrade()
    equal(first.exitCode, 0, JSON.stringify(first.events.filter(event => event.kind === 'hostFinished')) + first.stderr)
    match(
      await inHost('node-3', 'rpm -q haproxy keepalived iproute nginx-mod-stream'),
      /^haproxy-2.*\nkeepalived-2.*\niproute-/,
    )
    match(await inHost('node-3', 'cat /etc/nginx/kube-nginx.conf'), 'load_module /usr/lib64/nginx/modules/')
    equal(await inHost('node-3', 'systemctl is-active haproxy keepalived nginx-proxy'), 'active\nactive\nactive')
    match(await inHost('node-3', `ip -o addr show to ${vip}; ss -Hltn`), /:8443 [\s\S]*:6443 |:6443 [\s\S]*:8443 /)
    const second = await upgrade()
    equal([second.exitCode, totals(second).get('node-3')?.changed], [0, 0])
    const removed = await runPlaybook('playbooks/remove-ha.mjs', ['-e', 'confirm=yes', '-l', 'node-3'], { inventory })
    equal(removed.exitCode, 0)
    const off = await runPlaybook(
      'playbooks/upgrade.mjs',
      ['-l', 'node-3', '--tags', 'nginx,clients', '-e', '{"loadbalancer_apiserver_localhost": false}'],
      { inventory },
    )
    equal(off.exitCode, 0, JSON.stringify(off.events.filter(event => event.kind === 'hostFinished')))
    equal(await inHost('node-3', "ss -Hltn | grep -E ':(6443|8443) ' || :"), '')
  })
})

test.run()
