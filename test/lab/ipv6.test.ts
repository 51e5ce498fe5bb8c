import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import { equal, match, not, ok } from 'uvu/assert'
import { startApiServers } from './api-servers.ts'
import { inHost, runPlaybook, totals, upLab, withInventory } from './lab.ts'

// Real daemons that speak IPv6: masters and node-1 have it, the kernel of node-2 does not let it be used.
const { hosts } = await upLab()
const masters = ['master-1', 'master-2', 'master-3']
const spoken = [...masters, 'node-1']
const v4 = (name: string) => hosts.find(host => host.name === name)?.ip ?? ''
const v6 = (name: string) => `fd00:a::${name.startsWith('node') ? 1 : ''}${name.slice(-1)}`
const vip = 'fd00:a::100'

const ipv6 = (disable: 0 | 1) =>
  ['all', 'default', 'lo', 'eth0'].map(name => `sysctl -qw net.ipv6.conf.${name}.disable_ipv6=${disable}`).join('; ')
await Promise.all(
  spoken.map(name =>
    inHost(name, `${ipv6(0)}; ip -6 addr replace ${v6(name)}/64 dev eth0 nodad; ip -6 addr show dev lo`),
  ),
)
await inHost('node-2', ipv6(1))

const api = await startApiServers(masters, [
  ...['127.0.0.1', '::1', vip, ...masters.flatMap(name => [v4(name), v6(name)])].map(address => `IP:${address}`),
  'DNS:localhost',
])
await Promise.all(
  masters.map(name =>
    inHost(
      name,
      `cd /etc/systemd/system && sed -i 's/OPENSSL-LISTEN:6443,/&pf=ip6,ipv6only=0,/' kube-apiserver.service &&
systemctl daemon-reload && systemctl restart kube-apiserver`,
    ),
  ),
)

async function converge(vars: object, tags: string, limit: readonly string[]) {
  const result = await withInventory(
    text => text.replace(/^kube_vip_address=.*\n/m, ''),
    async inventory => {
      const dir = dirname(inventory)
      for (const name of ['group_vars', 'host_vars']) await mkdir(join(dir, name))
      await writeFile(join(dir, 'group_vars', 'all.json'), JSON.stringify(vars))
      for (const { name } of hosts)
        await writeFile(join(dir, 'host_vars', `${name}.json`), JSON.stringify({ ip6: v6(name) }))
      return runPlaybook('playbooks/cluster.mjs', ['--tags', tags, '-l', limit.join(',')], { inventory })
    },
  )
  return result
}
type Result = Awaited<ReturnType<typeof converge>>
const succeeds = (result: Result) => {
  if (result.exitCode !== 0)
    console.log(
      result.events.filter(({ kind }) => kind === 'task' || kind === 'hostFinished'),
      result.stderr,
    )
  equal(result.exitCode, 0)
}
const listening = async (name: string, port: number) =>
  (await inHost(name, `ss -Hltn 'sport = :${port}' | awk '{print $4}' | sort -u`)).split('\n').filter(Boolean)
/** Name of the master that has answered. */
const ask = (name: string, address: string, port = 6443) =>
  inHost(name, `curl -sk --max-time 5 https://${address}:${port}/readyz || echo "curl: $?"`)

const proxies = { ipv6_stack: true, nginx_proxy_variant: 'system' }

test('a node’s nginx listens on ::1 where the kernel has IPv6, and starts without it where not', async () => {
  const nodes = ['node-1', 'node-2']
  succeeds(await converge(proxies, 'nginx', [...masters, ...nodes]))
  equal(await listening('node-1', 6443), ['127.0.0.1:6443', '[::1]:6443'])
  equal(await listening('node-2', 6443), ['127.0.0.1:6443'])
  for (const [name, address] of [
    ['node-1', '[::1]'],
    ['node-1', '127.0.0.1'],
    ['node-2', '127.0.0.1'],
  ] as const)
    ok(masters.includes(await ask(name, address)), `${name} ${address}`)
  const again = await converge(proxies, 'nginx', [...masters, ...nodes])
  succeeds(again)
  for (const name of nodes) equal(totals(again).get(name)?.changed, 0)
})

test('where IPv6 alone is spoken it goes to the masters by IPv6', async () => {
  succeeds(await converge({ ...proxies, ipv4_stack: false }, 'nginx', [...masters, 'node-1']))
  const conf = await inHost('node-1', 'cat /etc/nginx/kube-nginx.conf')
  match(conf, `server [${v6('master-1')}]:6443`)
  not.match(conf, v4('master-1'))
  ok(masters.includes(await ask('node-1', '[::1]')))
})

const balanced = {
  ...{ ipv4_stack: false, ipv6_stack: true, kube_vip_address: vip, keepalived_prefix: 64, keepalived_unicast: true },
  loadbalancer_apiserver_localhost: false,
}
test('haproxy and keepalived have a virtual address of IPv6, and it moves', async () => {
  succeeds(await converge(balanced, 'haproxy,keepalived', masters))
  equal(await listening('master-1', 8443), ['0.0.0.0:8443', '[::]:8443'])
  const holders = async () => {
    const has = await Promise.all(masters.map(name => inHost(name, `ip -6 -o addr show | grep -c '${vip}/' || :`)))
    return masters.filter((_, index) => has[index] !== '0')
  }
  const until = async (condition: () => Promise<boolean>) => {
    for (let attempt = 0; attempt < 40 && !(await condition()); attempt += 1)
      await new Promise(resolve => setTimeout(resolve, 500))
  }
  const answers = async () => masters.includes(await ask('node-1', `[${vip}]`, 8443))
  await until(async () => (await holders()).length === 1 && (await answers()))
  const [holder = ''] = await holders()
  ok(await answers())
  await inHost(holder, 'systemctl stop haproxy')
  await until(async () => !(await holders()).includes(holder) && (await answers()))
  not.ok((await holders()).includes(holder))
  ok(await answers())
  await inHost(holder, 'systemctl start haproxy')
})

test('a host whose kernel has no IPv6 is told so, and has no virtual address of it', async () => {
  await inHost('master-3', 'sysctl -qw net.ipv6.conf.lo.disable_ipv6=1')
  const result = await converge(balanced, 'keepalived', ['master-3'])
  await inHost('master-3', 'sysctl -qw net.ipv6.conf.lo.disable_ipv6=0')
  equal(result.exitCode, 2)
  match(JSON.stringify(result.events), /it has no IPv6, or net\.ipv6\.conf\.lo\.disable_ipv6 is on/)
})

test.after(async () => {
  await api.stop()
  await Promise.all(
    [...spoken, 'node-2'].map(name =>
      inHost(
        name,
        `systemctl disable --now keepalived haproxy nginx-proxy 2>/dev/null
rm -f /etc/keepalived/keepalived.conf /etc/haproxy/haproxy.cfg /etc/nginx/kube-nginx.conf /etc/systemd/system/nginx-proxy.service
systemctl daemon-reload; ip -6 addr flush dev eth0 scope global; ${ipv6(1)}`,
      ),
    ),
  )
})

test.run()
