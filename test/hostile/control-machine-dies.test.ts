import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, match, not, ok } from 'uvu/assert'
import type { RunEvent } from '../../engine/journal/events.ts'
import { startApiServers } from '../lab/api-servers.ts'
import { inHost, type PlaybookResult, runPlaybook, testLab, totals, upLab } from '../lab/lab.ts'

/**
 * The control machine dies: its process gets SIGKILL at the worst moment, and each host has to undo by itself what
 * nobody else will. The nets are those of docs/safety-nets.md. In between systemd reads all units anew, as every
 * package that is installed makes it do.
 */
const { vip, hosts: all } = await upLab()
const masters = ['master-1', 'master-2', 'master-3']
const addressOf = (name: string) => all.find(host => host.name === name)?.ip ?? ''
const nets = (tag: string, args: readonly string[], options: Parameters<typeof runPlaybook>[2] = {}) =>
  runPlaybook('test/lab/playbooks/nets.mjs', ['--tags', tag, ...args], options)

const api = await startApiServers(masters, ['IP:127.0.0.1', ...masters.map(host => `IP:${addressOf(host)}`)])
test.after(api.stop)
await Promise.all(masters.map(host => inHost(host, 'rm -f /run/rota-test-go')))

const reload = 'systemctl daemon-reload'
/** Ends the work of a play that waits, and lets the next one wait. */
const [go, stay] = ['touch /run/rota-test-go', 'rm -f /run/rota-test-go']
/** What systemd says of a unit with newlines where none may be. */
const malformed = /transient.*Missing '='/
/** Seconds, on a machine that is as busy as can be: what does not work never comes. */
const patience = 60
const until = async (
  what: string,
  holds: () => Promise<boolean>,
  otherwise: () => Promise<string> = async () => '',
): Promise<void> => {
  for (const end = Date.now() + patience * 1000; !(await holds()); await sleep(200))
    if (Date.now() > end) throw new Error(`${what}: not within ${patience} s ${await otherwise()}`)
}
/** Asked from another host: a reset is what every proxy takes for "next server, please". */
const answer = (host: string) =>
  inHost(
    'node-1',
    `curl -ks --max-time 3 -o /dev/null -w '%{http_code}' https://${addressOf(host)}:6443/readyz || echo " $?"`,
  )
const isOpen = async (host: string) => (await answer(host)) === '200'
const isClosed = async (host: string) => (await answer(host)) === '000 7'
/** One that was opened is not closed again, so it is enough to see it once, however slow the answer. */
const staysClosed = (host: string, died?: PlaybookResult) =>
  until(
    'the port is closed',
    () => isClosed(host),
    async () => `(answer ${await answer(host)}; left ${await left(host)}; said ${died && JSON.stringify(died.events)})`,
  )
/** Every unit, file and rule of a net. */
const left = (host: string) =>
  inHost(
    host,
    "systemctl list-units --all --no-legend --plain 'rota-*'; ls /run/rota 2>/dev/null || :; ls /run/systemd/transient | grep rota- || :; iptables -S | grep ROTA || :; iptables -t mangle -S | grep DROP || :",
  )
const timers = async (host: string) =>
  (await inHost(host, "systemctl list-units --no-legend --plain 'rota-*.timer' | cut -d' ' -f1"))
    .split('\n')
    .filter(Boolean)
/** Nothing is owed any more. */
const owed = (host: string) => inHost(host, 'ls -R /var/lib/rota/pending 2>/dev/null | grep -v : || :')
const entered = (event: RunEvent) => event.kind === 'around' && event.phase === 'enter' && event.status === 'done'
/** One in which the control machine dies does not come to its end before: its work takes five seconds on the host. */
const drain = async (host: string, args: readonly string[], options: Parameters<typeof runPlaybook>[2] = {}) => {
  const dies = options.dieOn === undefined ? [] : ['-e', 'dies=true']
  const result = await nets('drain', ['-l', host, ...dies, ...args], options)
  if (options.dieOn !== undefined) await until('the host has done its work', () => isFree(host))
  return result
}
const isFree = async (host: string) => (await inHost(host, 'flock -n /var/lib/rota/lock true || echo held')) === ''
const limit = (seconds: number) => ['-e', `kube_apiserver_drain_limit=${seconds}`]
const green = (result: PlaybookResult) => {
  if (result.exitCode !== 0) console.log(result.stderr, result.events)
  equal(result.exitCode, 0)
}
const notes = ({ events }: PlaybookResult) =>
  events.flatMap(event => (event.kind === 'note' ? [event.text] : [])).join('\n')

/** Scenarios on hosts of their own, which are waited for together. */
const atOnce = (scenarios: Readonly<Record<string, () => Promise<void>>>) => {
  let begun: ReadonlyMap<string, Promise<unknown>> | undefined
  for (const name of Object.keys(scenarios))
    test(name, async () => {
      begun ??= new Map(
        Object.entries(scenarios).map(([each, start]) => [each, start().catch(error => error ?? 'failed')]),
      )
      const problem = await begun.get(name)
      if (problem !== undefined) throw problem
    })
}

test('positive control: a command of several lines does not outlive a daemon-reload, so it is no net', async () => {
  const timer = 'systemd-run --quiet --collect --on-active=5 --timer-property=AccuracySec=100ms'
  const since = await inHost(
    'master-1',
    `date +%s; rm -f /run/one-word* /run/several-lines
    printf 'if true; then\\ntouch /run/one-word\\nfi' >/run/one-word.sh
    ${timer} --unit=control-lines /bin/sh -c 'if true; then
touch /run/several-lines
fi'
    ${timer} --unit=control-word /bin/sh /run/one-word.sh
    ${reload}`,
  )
  await until('the one acts', async () => (await inHost('master-1', 'ls /run/one-word || :')) !== '')
  await sleep(1000)
  equal(await inHost('master-1', 'ls /run/several-lines 2>/dev/null || :'), '')
  match(await inHost('master-1', `journalctl --no-pager --since @${since}`), malformed)
  await inHost('master-1', 'rm -f /run/one-word*; systemctl stop control-lines.timer 2>/dev/null || :')
})

atOnce({
  'a closed port: the host opens it by itself, and nothing of the net is left; the next run converges': async () => {
    // Closed for as long as is looked at it, however slow the machine.
    await inHost('master-1', 'touch /run/not-ready')
    const died = await drain('master-1', limit(5), { dieOn: entered })
    equal(died.exitCode, -1)
    await staysClosed('master-1')
    const [timer = ''] = await timers('master-1')
    const script = `/run/rota/${timer.replace(/^rota-|\.timer$/g, '')}`
    equal(await inHost('master-1', `stat -c '%a %U' /run/rota ${script}`), '700 root\n700 root')
    const unit = timer.replace('timer', 'service')
    match(
      await inHost('master-1', `cat /run/systemd/transient/${unit}`),
      new RegExp(`ExecStart=.*"/bin/sh" "${script}"$`, 'm'),
    )
    const since = await inHost('master-1', 'date +%s')
    await inHost('master-1', `${reload}; rm /run/not-ready`)
    await until('the port is open', () => isOpen('master-1'))
    await until('the net is gone', async () => (await left('master-1')) === '')
    not.match(await inHost('master-1', `journalctl --no-pager --since @${since}`), malformed)
    match(await owed('master-1'), 'new-connections')
    const next = await drain('master-1', limit(60))
    green(next)
    equal([await isOpen('master-1'), await left('master-1'), await owed('master-1')], [true, '', ''])
  },
  'one whose API server is not ready stays closed until it is, through daemon-reload and daemon-reexec': async () => {
    await inHost('master-2', 'touch /run/not-ready')
    await drain('master-2', limit(5), { dieOn: entered })
    await inHost('master-2', reload)
    await sleep(7000)
    await staysClosed('master-2')
    await inHost('master-2', `${reload}; systemctl daemon-reexec; rm /run/not-ready`)
    await until('the port is open', () => isOpen('master-2'))
    await until('the net is gone', async () => (await left('master-2')) === '')
  },
  'a drain while the net of a dead run is armed: the newer net counts, and there is no moment without one':
    async () => {
      // The first net can't act before the second one is armed, and would do so at once then.
      await inHost('master-3', 'touch /run/not-ready')
      await drain('master-3', limit(5), { dieOn: entered })
      const [first] = await timers('master-3')
      await drain('master-3', limit(120), { dieOn: entered })
      const now = await timers('master-3')
      equal(now.length, 1)
      not.equal(now[0], first)
      await inHost('master-3', 'rm /run/not-ready')
      await sleep(8000)
      await staysClosed('master-3')
      green(await drain('master-3', limit(60)))
      equal([await isOpen('master-3'), await left('master-3'), await owed('master-3')], [true, '', ''])
    },
})

atOnce({
  'a run that is still at work is waited for, three times as long; one that takes longer is told that its host was opened':
    async () => {
      const work = async (host: string, seen: () => Promise<unknown>) => {
        const run = drain(host, [...limit(10), '-e', 'waits=true'])
        await until('the port is closed', () => isClosed(host))
        await sleep(12_000)
        await staysClosed(host)
        await seen()
        await inHost(host, go)
        return run
      }
      const opened = () => until('the port is open', () => isOpen('master-1'))
      const [told, silent] = await Promise.all([work('master-1', opened), work('master-2', async () => {})])
      green(told)
      green(silent)
      match(notes(told), /master-1: its work took longer than 3 times 10 s.*kube_apiserver_drain_limit/)
      equal(notes(silent), '')
      for (const host of ['master-1', 'master-2'])
        equal([await isOpen(host), await left(host), await inHost(host, stay)], [true, '', ''])
    },
  'a reboot forgets net and rule together, and the next run is owed the rest': async () => {
    const died = await drain('master-3', limit(600), { dieOn: entered })
    equal(died.exitCode, -1)
    await staysClosed('master-3', died)
    await execa('docker', ['restart', '-t', '5', `rota-${testLab}-master-3`])
    await until('the host is up', async () =>
      /running|degraded/.test(await inHost('master-3', 'systemctl is-system-running || :')),
    )
    await inHost('master-3', 'systemctl start kube-apiserver')
    // Its API server has to begin anew first.
    await until('the port is open', () => isOpen('master-3'))
    equal(await left('master-3'), '')
    match(await owed('master-3'), 'new-connections')
    green(await drain('master-3', []))
    equal(await owed('master-3'), '')
  },
})

atOnce({
  'a host without systemd-run is not closed: nothing would open it again': async () => {
    await inHost('master-2', 'mv /usr/bin/systemd-run /usr/bin/systemd-run.away')
    try {
      const result = await drain('master-2', [])
      green(result)
      match(notes(result), /master-2: there is no systemd that would let new connections in again/)
    } finally {
      await inHost('master-2', 'mv /usr/bin/systemd-run.away /usr/bin/systemd-run')
    }
  },
  'the lock of a run goes with its last change, and a handler that is owed is paid by the next run': async () => {
    await inHost('master-1', 'rm -f /opt/rota-test-owing*')
    await nets('owing', ['-e', 'waits=true'], { dieOn: event => event.kind === 'taskStarted' && event.task === 'work' })
    const refused = await nets('owing', [])
    equal(refused.exitCode, 4)
    match(JSON.stringify(refused.events), 'another controller is working on this host')
    await inHost('master-1', go)
    await until('the lock is free', () => isFree('master-1'))
    match(await owed('master-1'), 'count')
    green(await nets('owing', []))
    equal([await inHost('master-1', 'cat /opt/rota-test-owing.count'), await owed('master-1')], ['ran', ''])
    equal(totals(await nets('owing', [])).get('master-1')?.changed, 0)
    await inHost('master-1', `rm -f /opt/rota-test-owing*; ${stay}`)
  },
  'daemons that a package may not start may be started again once the process that forbade it is dead': async () => {
    const policy = '/usr/sbin/policy-rc.d'
    // apt is busy for as long as is needed, and its process and ours are killed as by a host that runs out of memory.
    const slow = '/etc/apt/apt.conf.d/99rota-test'
    await inHost(
      'node-1',
      `apt-get purge -y -q haproxy >/dev/null 2>&1; echo 'DPkg::Pre-Invoke { "sleep 60"; };' >${slow}`,
    )
    const run = nets('package', [])
    await until('it is forbidden', async () =>
      /exit 101/.test(await inHost('node-1', `cat ${policy} 2>/dev/null || :`)),
    )
    equal(await inHost('node-1', `${policy}; echo $?`), '101')
    await inHost('node-1', `kill -9 "$(sed -n 's/.*proc.\\([0-9]*\\).*/\\1/p' ${policy})" $(pidof apt-get)`)
    equal((await run).exitCode, 2)
    await inHost('node-1', `rm ${slow}`)
    equal(await inHost('node-1', `${policy}; echo $?; ls ${policy} 2>/dev/null || :`), '0')
  },
})

test('API servers that are held go on by themselves', async () => {
  const stateOf = 'cut -d" " -f3 "/proc/$(systemctl show -p MainPID --value kube-apiserver)/stat"'
  const every = async (command: string, wanted: string) =>
    (await Promise.all(masters.map(host => inHost(host, command)))).every(said => said === wanted)
  // Each host looks for itself: it lasts a second.
  const seen = '/run/rota-test-held'
  const watch = `rm -f ${seen}; (until [ "$(${stateOf})" = T ]; do sleep 0.05; done; echo held >${seen}) >/dev/null 2>&1 &`
  await Promise.all(masters.map(host => inHost(host, watch)))
  const areHeld = () => every(`cat ${seen} 2>/dev/null || :`, 'held')
  await nets('hold', ['-e', 'seconds=60'], { dieAfter: () => until('all are held', areHeld) })
  await until('all go on', () => every(stateOf, 'S'))
  for (const host of masters) ok(await isOpen(host))
})

test('a turn that nobody gives back is taken by its own host at once, by another one when its time is over', async () => {
  const taken = async () => (await inHost('master-1', 'cat /run/rota-kubeadm 2>/dev/null || :')).split(' ')[0]
  const die = () =>
    nets('turn', ['-l', 'master-1', '-e', 'seconds=60'], {
      dieAfter: () => until('it has the turn', async () => (await taken()) === 'master-1'),
    })
  await die()
  equal(await taken(), 'master-1')
  green(await nets('turn', ['-l', 'master-1']))
  equal(await taken(), '')
  await die()
  const begun = Date.now()
  green(await nets('turn', ['-l', 'master-2']))
  ok(Date.now() - begun > 2000)
  equal(await taken(), '')
})

test('a virtual address that is on its way: the host takes part again, and somebody has it', async () => {
  green(await nets('vip', []))
  const holders = async () => {
    const has = async (host: string) => ((await inHost(host, 'ip -o addr')).includes(` ${vip}/`) ? [host] : [])
    return (await Promise.all(masters.map(has))).flat()
  }
  await until('one has it', async () => (await holders()).length === 1)
  const [leaving = ''] = await holders()
  const others = masters.filter(host => host !== leaving)
  const active = () => inHost(leaving, 'systemctl is-active keepalived || :')
  const everyOther = (command: string) => Promise.all(others.map(host => inHost(host, command)))
  // They run, and take nothing: the moment in which nobody has the address lasts.
  await everyOther('kill -STOP $(pidof keepalived)')
  await nets('move', ['-e', `leaving=${leaving}`], {
    dieAfter: () => until('it has let go', async () => (await active()) !== 'active'),
  })
  equal(await holders(), [])
  match(await inHost(leaving, 'iptables -t mangle -S'), new RegExp(`-d ${vip}/32 .*-j DROP`))
  await inHost(leaving, reload)
  await until('it takes part again', async () => (await active()) === 'active')
  await until('it has the address again', async () => String(await holders()) === leaving)
  await until('the net is gone', async () => (await left(leaving)) === '')
  await everyOther('kill -CONT $(pidof keepalived)')
  await sleep(2000)
  const next = await nets('move', ['-e', `leaving=${leaving}`])
  green(next)
  ok(others.includes(String(await holders())))
  equal(await left(leaving), '')
  await Promise.all(
    masters.map(host => inHost(host, 'systemctl disable -q --now keepalived; rm -f /etc/keepalived/keepalived.conf')),
  )
})

test.run()
