import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { test } from 'uvu'
import { equal, match, not, ok } from 'uvu/assert'
import { nginxTarball, startKubelet } from '../../scripts/lab/runtime.mjs'
import { inHost, runPlaybook, totals, upLab } from './lab.ts'
import { keptConnection, serveMasters, stopMasters } from './masters.ts'

const masters = ['master-1', 'master-2']
const lab = await upLab()

const tarball = await nginxTarball()
const [, version = ''] = /nginx_([0-9.]+)\.orig/.exec(tarball) ?? []
const sha256 = createHash('sha256')
  .update(await readFile(tarball))
  .digest('hex')

const image = { nginx_image_repo: 'nginx', nginx_image_tag: 'lab' }
const setups = {
  docker: { nginx_proxy_variant: 'docker', ...image },
  pod: { nginx_proxy_variant: 'static-pod', ...image },
  source: {
    nginx_proxy_variant: 'source',
    nginx_source_version: version,
    nginx_source_tarball: tarball,
    nginx_source_sha256: sha256,
  },
  none: { loadbalancer_apiserver_localhost: false },
} as const

/** The command of document 002, and the one that clears up after the clients have moved. */
const playbook = (vars: object, tags: string, limit = 'node-1') =>
  runPlaybook('playbooks/upgrade.mjs', ['--tags', tags, '-l', limit, '-e', JSON.stringify(vars)])
async function succeeds(vars: object, tags = 'nginx', limit = 'node-1') {
  const result = await playbook(vars, tags, limit)
  if (result.exitCode !== 0)
    console.log(
      result.stderr,
      result.events.filter(event => event.kind === 'hostFinished'),
    )
  equal(result.exitCode, 0)
  return [...totals(result).values()].reduce((sum, { changed }) => sum + changed, 0)
}

const listeners = () => inHost('node-1', "ss -Hltn | awk '{print $4}' | grep -E ':(6443|8443)$' | sort | tr '\\n' ' '")

/**
 * A new list of masters is a reload: one connection goes on, to a master that is not even listed any more, and the
 * process stays.
 */
async function changesTheList(vars: object, port: number, process: () => Promise<string>, andBack = false) {
  const before = await process()
  const kept = keptConnection(lab, 'node-1', port)
  try {
    const master = await kept.ask()
    const other = masters.find(name => name !== master) ?? ''
    ok((await succeeds({ ...vars, leaving_masters: master })) > 0)
    match(await inHost('node-1', `curl -sk https://127.0.0.1:${port}/readyz`), `ok from ${other}`)
    equal(await kept.ask(), master)
    equal(await process(), before)
    if (!andBack) return
    ok((await succeeds(vars)) > 0)
    equal(await kept.ask(), master)
    equal(await process(), before)
  } finally {
    kept.close()
  }
}

test.before(async () => {
  await Promise.all([
    serveMasters(lab, masters),
    startKubelet(lab, 'node-1', { images: ['nginx'] }),
    stopMasters(lab, ['master-3']),
  ])
})

test("the distribution's nginx: a second run changes nothing, a new list is a reload", async () => {
  const vars = { nginx_proxy_port: 8443 }
  ok((await succeeds(vars)) > 0)
  equal(await succeeds(vars), 0)
  equal(await listeners(), '127.0.0.1:8443 ')
  await changesTheList(vars, 8443, () => inHost('node-1', 'systemctl show -p MainPID --value nginx-proxy'))
})

test('in Docker, on the same port: the old one makes way, a new list reloads inside the container', async () => {
  ok((await succeeds(setups.docker)) > 0)
  equal(await succeeds(setups.docker), 0)
  equal(await listeners(), '0.0.0.0:8443 ')
  const started = () => inHost('node-1', "docker inspect -f '{{.Id}} {{.State.StartedAt}}' nginx-lb")
  await changesTheList(setups.docker, 8443, started, true)
})

test('a configuration that the image refuses does not take the place of the one that serves', async () => {
  const before = await inHost('node-1', 'cat /etc/nginx/nginx.conf')
  const { exitCode, events } = await playbook({ ...setups.docker, nginx_proxy_error_log: 'stderr loud' }, 'nginx')
  equal(exitCode, 2)
  match(JSON.stringify(events), 'invalid log level')
  equal(await inHost('node-1', 'cat /etc/nginx/nginx.conf'), before)
  equal(await inHost('node-1', "find /etc/nginx -name '*rota*'"), '')
})

test('from Docker to a static pod: both serve until the old one is taken away', async () => {
  ok((await succeeds(setups.pod)) > 0)
  equal(await listeners(), '0.0.0.0:8443 127.0.0.1:6443 ')
  ok((await succeeds(setups.pod, 'clients')) > 0)
  equal(await listeners(), '127.0.0.1:6443 ')
  equal(await inHost('node-1', "docker ps -aq -f name='^/nginx-lb$'; ls /etc/systemd/system | grep nginx || :"), '')
  equal(await inHost('node-1', 'systemctl show -p LoadState --value nginx-lb'), 'not-found')
  equal(await succeeds(setups.pod), 0)
  equal(await succeeds(setups.pod, 'clients'), 0)
})

test('as a static pod: a new list reloads in the container that runs, and the pod stays', async () => {
  const started = () =>
    inHost(
      'node-1',
      "docker ps -q -f name=k8s_nginx-proxy_nginx-proxy- | xargs docker inspect -f '{{.Id}} {{.State.StartedAt}}'",
    )
  await changesTheList(setups.pod, 6443, started)
  // The document's own line still finds it.
  equal(await inHost('node-1', 'docker ps -qf name=k8s_nginx-proxy_nginx-proxy-node-1 | wc -l'), '1')
})

test('from source: built once, on the first node, given to both, and nothing of the pod is left', async () => {
  const source = { ...setups.source, nginx_proxy_port: 6443 }
  ok((await succeeds(source, 'nginx', 'kube_node')) > 0)
  equal(await listeners(), '127.0.0.1:6443 ')
  equal(await succeeds(source, 'nginx', 'kube_node'), 0)
  await succeeds(source, 'clients', 'kube_node')
  equal(await inHost('node-1', 'ls /etc/kubernetes/manifests; ls /etc/nginx | grep nginx.conf; docker ps -q'), '')
  const program = '/opt/kubernetes/kube-nginx/sbin/nginx'
  const sums = await Promise.all(['node-1', 'node-2'].map(host => inHost(host, `sha256sum < ${program}`)))
  equal(sums[0], sums[1])
  equal(await inHost('node-2', 'command -v gcc || ls /usr/local/src'), '')
  match(await inHost('node-2', `${program} -V 2>&1`), `nginx/${version}`)
  match(await inHost('node-2', `ldd ${program}`), 'libc.so')
  const main = () => inHost('node-1', 'systemctl show -p MainPID --value kube-nginx')
  await changesTheList(source, 6443, main)
  // What is built otherwise takes the old one's place, and is started.
  const old = await main()
  const more = {
    ...source,
    nginx_source_configure_flags: ['--with-stream', '--without-http', '--without-stream_map_module'],
  }
  ok((await succeeds(more, 'nginx', 'kube_node')) > 0)
  match(await inHost('node-2', `${program} -V 2>&1`), '--without-stream_map_module')
  not.equal(await main(), old)
  equal(await succeeds(more, 'nginx', 'kube_node'), 0)
})

test('without a proxy nothing of it is left', async () => {
  await succeeds(setups.none, 'clients', 'kube_node')
  equal(await listeners(), '')
  for (const host of ['node-1', 'node-2']) {
    equal(await inHost(host, 'ls -d /opt/kubernetes/kube-nginx /etc/systemd/system/*nginx* 2>/dev/null || :'), '')
    equal(await inHost(host, 'systemctl show -p LoadState --value kube-nginx'), 'not-found')
  }
  equal(await succeeds(setups.none, 'nginx,clients', 'kube_node'), 0)
})

test.after(() => stopMasters(lab, masters))

test.run()
