import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { equal, match, not } from 'uvu/assert'
import { inHost, runPlaybook, totals, upLab } from './lab.ts'

const playbook = 'test/lab/playbooks/nginx.mjs'

await upLab()

test('a change of configuration is a reload: the master process stays, the workers are new', async () => {
  equal((await runPlaybook(playbook)).exitCode, 0)
  const before = await processes()
  const { exitCode, stderr } = await runPlaybook(playbook, [
    '-e',
    '{"plain_nginx_directive": "worker_connections 128;"}',
  ])
  equal(exitCode, 0, stderr)
  const after = await processes()
  equal(after.main, before.main)
  not.equal(after.workers, before.workers)
  equal(
    totals(await runPlaybook(playbook, ['-e', '{"plain_nginx_directive": "worker_connections 128;"}'])).get('node-2')
      ?.changed,
    0,
  )
})

test("a configuration that nginx -t refuses leaves the old one in place, does not reload, and shows nginx's own words", async () => {
  const before = await processes()
  const config = await inHost('node-2', 'cat /etc/nginx/nginx.conf')
  const { exitCode, events } = await runPlaybook(playbook, [
    '-e',
    '{"plain_nginx_directive": "worker_conections 256;"}',
  ])
  equal(exitCode, 2)
  equal(await inHost('node-2', 'cat /etc/nginx/nginx.conf'), config)
  equal(await processes(), before)
  match(JSON.stringify(events), 'unknown directive')
  equal(await inHost('node-2', "find /etc/nginx -name '.*rota*'"), '')
})

test('a configuration that is valid and wrong is rolled back: nginx serves by the old one again, by a reload', async () => {
  const state = await mkdtemp(join(tmpdir(), 'rota-rollback-'))
  const says = (word: string) =>
    JSON.stringify({
      plain_nginx_directive: `worker_connections 64; } http { server { listen 127.0.0.1:8099; return 200 ${word}; }`,
    })
  const answer = () => inHost('node-2', 'curl -s http://127.0.0.1:8099/')
  try {
    equal((await runPlaybook(playbook, ['-e', says('right')], { state })).exitCode, 0)
    equal(await answer(), 'right')
    const before = { ...(await processes()), config: await inHost('node-2', 'stat -c "%a %U" /etc/nginx/nginx.conf') }
    const wrong = await runPlaybook(playbook, ['-e', says('wrong')], { state })
    equal([wrong.exitCode, await answer()], [0, 'wrong'])
    const [run = ''] = wrong.events.flatMap(event => (event.kind === 'runStarted' ? [event.run] : []))
    const checked = await runPlaybook(playbook, ['--rollback', run, '--check', '--diff'], { state })
    equal([checked.exitCode, await answer()], [0, 'wrong'])
    match(JSON.stringify(checked.events), /"before":"[^"]*200 wrong[^"]*","after":"[^"]*200 right/)
    const taken = await runPlaybook(playbook, ['--rollback', run], { state })
    equal([taken.exitCode, await answer()], [0, 'right'])
    equal((await processes()).main, before.main)
    equal(await inHost('node-2', 'stat -c "%a %U" /etc/nginx/nginx.conf'), before.config)
    equal(totals(await runPlaybook(playbook, ['--rollback', run], { state })).get('node-2')?.changed ?? 0, 0)
  } finally {
    await rm(state, { recursive: true, force: true })
  }
})

async function processes() {
  const main = await inHost('node-2', 'systemctl show -p MainPID --value nginx')
  return { main, workers: await inHost('node-2', `pgrep -P ${main} | sort | tr '\\n' ' '`) }
}

test.run()
