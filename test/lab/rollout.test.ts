import { test } from 'uvu'
import { equal, match, not, ok } from 'uvu/assert'
import { inHost, runPlaybook, totals, upLab, withInventory } from './lab.ts'

const files = 'test/lab/playbooks/files.mjs'
const gates = 'test/lab/playbooks/gates.mjs'
const masters = ['master-1', 'master-2', 'master-3']

await upLab()
test.before.each(async () => {
  // Other test files use these hosts too.
  const hosts = [...masters, 'node-1', 'node-2']
  await Promise.all(hosts.map(host => inHost(host, 'rm -rf /opt/rota-test /opt/rota-test-* /var/lib/rota')))
})

test('a first run changes, the second finds nothing to change with one connection and one round trip per host', async () => {
  const first = await runPlaybook(files, ['-e', '{"files_count": 24}'])
  equal(first.exitCode, 0, first.stderr)
  for (const host of masters) equal(totals(first).get(host)?.changed, 26, 'a directory, 24 files, the handler once')
  const second = await runPlaybook(files, ['-e', '{"files_count": 24}'])
  equal(second.exitCode, 0)
  for (const host of masters) {
    const { outcome, ok: unchanged, changed, connections, programs, roundTrips } = totals(second).get(host) ?? {}
    equal(
      { outcome, unchanged, changed, connections, programs, roundTrips },
      { outcome: 'ok', unchanged: 25, changed: 0, connections: 1, programs: 1, roundTrips: 1 },
    )
  }
  equal(await inHost('master-1', 'wc -l </opt/rota-test-handler'), '1')
})

test('check mode tells exactly what the run then does, and leaves no trace on a host', async () => {
  const listing = () =>
    inHost(
      'master-1',
      "find / -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /var/log \\) -prune -o -printf '%p %y %m %u %g %s %T@\\n' | sort",
    )
  const before = await listing()
  const checked = await runPlaybook(files, ['--check', '--diff'])
  equal(checked.exitCode, 0)
  equal(await listing(), before)
  const run = await runPlaybook(files)
  const said = (result: typeof run, status: string) =>
    result.events.flatMap(event =>
      event.kind === 'task' && event.status === status && !event.handler
        ? [`${event.host} ${event.task}: ${event.summary}`]
        : [],
    )
  equal(said(checked, 'would change'), said(run, 'changed'))
})

test('a handler that a failed run owed is run by the next one, once', async () => {
  const failed = await runPlaybook(files, ['-e', 'files_fail=master-1', '-l', 'master-1'])
  equal(failed.exitCode, 2)
  match(JSON.stringify(failed.events), 'it broke')
  equal(await inHost('master-1', 'ls /opt | grep handler || :'), '')
  const next = await runPlaybook(files, ['-l', 'master-1'])
  equal(next.exitCode, 0)
  equal(await inHost('master-1', 'wc -l </opt/rota-test-handler'), '1')
  equal(totals(await runPlaybook(files, ['-l', 'master-1'])).get('master-1')?.changed, 0)
})

test('a host that fails stops the later batches, and says task and output', async () => {
  const { exitCode, events } = await runPlaybook(files, ['-e', 'files_fail=master-2'])
  equal(exitCode, 2)
  const outcomes = Object.fromEntries(
    events.flatMap(event => (event.kind === 'hostFinished' ? [[event.host, event.outcome]] : [])),
  )
  equal(outcomes, { 'master-1': 'changed', 'master-2': 'failed', 'master-3': 'skipped' })
  ok(events.some(event => event.kind === 'stopped' && /master-2/.test(event.reason)))
})

test('a gate that does not hold stops the rollout: which host, what was expected, what it saw', async () => {
  const { exitCode, events } = await runPlaybook(gates, ['-t', 'gated', '-e', 'gates_broken=master-2'])
  equal(exitCode, 2)
  const failed = events.find(event => event.kind === 'gate' && event.status === 'failed')
  ok(failed?.kind === 'gate')
  equal([failed.host, failed.expected, failed.saw], ['master-2', '/opt/rota-test-ready', 'no such file'])
  equal(await inHost('master-3', 'ls /opt | grep rota-test || :'), '', 'the third master is not touched')
})

test('--serial 100% with keepAvailable majority still takes one of three masters at a time, and says why', async () => {
  for (const host of masters) await inHost(host, 'touch /opt/rota-test-ready')
  const { exitCode, events } = await runPlaybook(gates, ['-t', 'available', '--serial', '100%'])
  equal(exitCode, 0)
  const order = events.flatMap(event =>
    event.kind === 'taskStarted' ? [`start ${event.host}`] : event.kind === 'hostFinished' ? [`end ${event.host}`] : [],
  )
  equal(
    order,
    masters.flatMap(host => [`start ${host}`, `end ${host}`]),
  )
  ok(events.some(event => event.kind === 'note' && /3 of 3 available, at least 2 must stay/.test(event.text)))
})

test('with one master down, keepAvailable refuses to take another, naming the one that is down', async () => {
  for (const host of ['master-1', 'master-2']) await inHost(host, 'touch /opt/rota-test-ready')
  const { exitCode, events } = await runPlaybook(gates, [
    '-t',
    'available',
    '-l',
    'master-1,master-2',
    '--serial',
    '100%',
  ])
  equal(exitCode, 2)
  const stopped = events.find(event => event.kind === 'stopped')
  match(
    stopped?.kind === 'stopped' ? stopped.reason : '',
    /master-1, master-2 can't be taken down: 2 of 3 available, at least 2 must stay \(not available now: master-3\)/,
  )
  equal(await inHost('master-1', 'ls /opt/rota-test-changed 2>/dev/null || :'), '')
})

test('an unreachable host is said so, the others go on, and the exit code is 4', async () => {
  const dead = (text: string) =>
    text
      .replace('[kube_node]\n', '[kube_node]\ngone-1\n')
      .replace('[all]\n', '[all]\ngone-1 ansible_host=127.0.0.1 ansible_port=9\n')
  await withInventory(dead, async inventory => {
    const { exitCode, events } = await runPlaybook('test/lab/playbooks/nodes.mjs', [], { inventory })
    equal(exitCode, 4)
    const outcomes = Object.fromEntries(
      events.flatMap(event => (event.kind === 'hostFinished' ? [[event.host, event.outcome]] : [])),
    )
    equal(outcomes, { 'gone-1': 'unreachable', 'node-1': 'changed', 'node-2': 'changed' })
    const said = events.find(event => event.kind === 'hostFinished' && event.host === 'gone-1')
    match(said?.kind === 'hostFinished' ? String(said.message) : '', /refused/i)
  })
})

test('Ctrl-C lets the running task end, starts nothing new, and says what is done', async () => {
  const { exitCode, events } = await runPlaybook(files, ['-e', 'files_sleep=2'], {
    interruptOn: event => event.kind === 'taskStarted' && /sleep/.test(event.task),
  })
  equal(exitCode, 130)
  equal(await inHost('master-1', 'cat /opt/rota-test/slept; ls /opt/rota-test/after 2>/dev/null || :'), 'done')
  ok(events.some(event => event.kind === 'task' && event.status === 'not run'))
  not(events.some(event => event.kind === 'hostFinished' && event.host === 'master-2' && event.outcome === 'changed'))
  equal(await inHost('master-1', "find /opt /etc -name '.*rota-*' ! -name '.rota-unarchive-*'"), '')
})

test('a secret param never shows in output, journal or diff', async () => {
  const password = 'correct horse battery'
  const { exitCode, journal, events } = await runPlaybook(files, [
    '--diff',
    '-vv',
    '-e',
    JSON.stringify({ files_password: password }),
    '-l',
    'master-1',
  ])
  equal(exitCode, 0)
  equal(await inHost('master-1', 'cat /opt/rota-test/secret'), password)
  not.match(JSON.stringify(events), password)
  not.match(journal, password)
  equal(await inHost('master-1', 'stat -c %a /opt/rota-test/secret'), '600')
})

test.run()
