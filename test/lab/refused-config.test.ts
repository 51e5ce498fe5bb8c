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

async function processes() {
  const main = await inHost('node-2', 'systemctl show -p MainPID --value nginx')
  return { main, workers: await inHost('node-2', `pgrep -P ${main} | sort | tr '\\n' ' '`) }
}

test.run()
