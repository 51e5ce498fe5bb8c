import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import { equal } from 'uvu/assert'
import { inHost, runPlaybook, totals, upLab, withInventory } from './lab.ts'

const { files, hosts } = await upLab()
const container = hosts.find(host => host.name === 'master-1')?.container ?? ''
const password = readFileSync(join(dirname(files.key), 'operator-password'), 'utf8').trim()

/**
 * Variables of master-1 for each way into it; the become password stands in the inventory, as Ansible users have it.
 */
const ways: readonly (readonly [string, string])[] = [
  ['root, dash', ''],
  ['root, bash', 'ansible_shell_executable=/bin/bash'],
  ['root, busybox sh', 'ansible_shell_executable="busybox sh"'],
  ['a user with sudo', 'ansible_user=deploy ansible_become=true'],
  ['a user with sudo, in busybox sh', 'ansible_user=deploy ansible_become=true ansible_shell_executable="busybox sh"'],
  ['a user with sudo and a password', `ansible_user=operator ansible_become=true ansible_become_password=${password}`],
  ['docker exec', `ansible_connection=docker ansible_host=${container}`],
]

for (const [name, variables] of ways) {
  test(`a role of several tasks with a handler converges and stays so: ${name}`, async () => {
    await inHost('master-1', 'rm -rf /opt/rota-test /opt/rota-test-* /var/lib/rota')
    const change = (text: string) =>
      text.replace(
        /^master-1 (ansible_host=\S+)(.*)$/m,
        (_, host: string, rest: string) =>
          `master-1 ${variables.includes('ansible_host') ? '' : host}${rest} ${variables}`,
      )
    await withInventory(change, async inventory => {
      const run = () =>
        runPlaybook('test/lab/playbooks/files.mjs', ['-l', 'master-1', '-e', '{"files_count": 3}'], { inventory })
      const first = await run()
      equal([first.exitCode, totals(first).get('master-1')?.changed], [0, 5], first.stderr)
      const second = totals(await run()).get('master-1')
      equal([second?.outcome, second?.changed, second?.roundTrips], ['ok', 0, 1])
      equal(
        await inHost(
          'master-1',
          'stat -c %U:%a /opt/rota-test/file-2; cat /opt/rota-test/file-2; wc -l </opt/rota-test-handler',
        ),
        'root:644\nhello 2\n1',
      )
      equal((first.journal + first.stdout).includes(password), false)
    })
  })
}

test.run()
