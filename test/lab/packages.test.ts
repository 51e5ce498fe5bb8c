import { test } from 'uvu'
import { equal, match } from 'uvu/assert'
import { inHost, runPlaybook, totals, upLab } from './lab.ts'

const playbook = 'test/lab/playbooks/packages.mjs'
const hosts = ['node-1', 'node-3']
const run = (...args: string[]) => runPlaybook(playbook, ['-l', hosts.join(','), ...args])
const changes = (result: Awaited<ReturnType<typeof run>>) => hosts.map(host => totals(result).get(host)?.changed)

await upLab()

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

test.run()
