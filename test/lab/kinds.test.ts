import { setTimeout } from 'node:timers/promises'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, match } from 'uvu/assert'
import { inHost, runPlaybook, testLab, totals, upLab } from './lab.ts'

const host = 'node-2'
await upLab()
const run = async (vars: object = {}) => {
  const result = await runPlaybook('test/lab/playbooks/kinds.mjs', ['-e', JSON.stringify(vars)])
  equal(
    result.exitCode,
    0,
    JSON.stringify(result.events.filter(event => event.kind === 'hostFinished')) + result.stderr,
  )
  return { ...result, changed: totals(result).get(host)?.changed }
}
const monthly = { kinds_schedule: '*-*-01 03:00:00' }

test('a timer says what it was told to, in the timezone of the host; a second run finds nothing to do', async () => {
  await run()
  equal(await inHost(host, 'cat /opt/rota-kinds/said'), `it's "50%"|100%|$x|${await inHost(host, 'date +%Z')}`)
  match(
    await inHost(host, 'date +%Z; readlink -f /usr/local/bin/rota-pager; apt-mark showhold'),
    /^CES?T\n.*\/cat\nbash$/,
  )
  match(await inHost(host, 'cat /opt/rota-kinds/a.conf'), '# Ansible managed\nname node-2\nword one\nword two')
  equal((await run()).changed, 0)
})

test('a timer that waits takes its new time', async () => {
  const { changed } = await run(monthly)
  equal(changed, 1)
  match(await inHost(host, 'systemctl list-timers rota-kinds.timer'), /-01 03:00:00/)
})

test('a host that has to be rebooted is, and is gone on with; what was owed runs afterwards', async () => {
  const boot = () => inHost(host, 'systemctl show -P UserspaceTimestampMonotonic')
  const before = await boot()
  const [{ events }] = await Promise.all([run({ ...monthly, kinds_reboot: true }), startedAgain()])
  match(JSON.stringify(events), /back after \d+ s/)
  const [now, handled] = [await boot(), await inHost(host, 'cat /opt/rota-kinds/handled')]
  equal([handled, now === before], [now, false])
  equal(await inHost(host, 'cat /opt/rota-kinds/after; ls /run/reboot-required 2>/dev/null || :'), 'the reboot')
  match(await inHost(host, 'systemctl list-timers rota-kinds.timer'), /-01 03:00:00/)
  equal((await run(monthly)).changed, 0)
})

test('jobs, holds and choices go', async () => {
  equal((await run({ kinds_gone: true })).changed, 4)
  equal(await inHost(host, 'ls /etc/cron.d/rota-kinds /etc/systemd/system/rota-kinds.* 2>/dev/null || :'), '')
  match(await inHost(host, 'systemctl show -P LoadState rota-kinds.timer; apt-mark showhold'), /^not-found\n?$/)
})

/** A container does not come back by itself. */
async function startedAgain(): Promise<void> {
  const container = `rota-${testLab}-${host}`
  for (const end = Date.now() + 30_000; Date.now() < end; await setTimeout(200)) {
    const { stdout } = await execa('docker', ['inspect', '-f', '{{.State.Running}}', container])
    if (stdout === 'false') {
      await execa('docker', ['start', container])
      return
    }
  }
  throw new Error(`${container} did not go down`)
}

test.run()
