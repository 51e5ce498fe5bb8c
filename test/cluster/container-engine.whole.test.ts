import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, is, match, not, ok } from 'uvu/assert'
import { labDown, labInfo, labUp } from '../../scripts/lab/index.mjs'
import { put } from '../../scripts/lab/runtime.mjs'
import { asAdministrator, renderTable, startProbe } from '../../scripts/probe/index.mjs'
import { type PlaybookResult, runPlaybook, testLab, totals } from '../lab/lab.ts'

/**
 * containerd of a cluster in kubespray's layout, with real kubelets and pods, from the version of Debian 12 to that of
 * Debian 13: as kubespray's programs on master-2 and node-1, as Debian's package on node-2. master-3 has Docker.
 */
const lab = `${testLab}-engine`
const inventory = `inventory/${lab}/hosts.ini`
const place = mkdtempSync(join(tmpdir(), 'rota-engine-'))
const cache = join(place, 'cache')

const on = async (host: string, command: string): Promise<string> =>
  (await execa('docker', ['exec', `rota-${lab}-${host}`, 'sh', '-c', command])).stdout
const kubectl = (command: string) => on('master-1', `kubectl --kubeconfig /etc/kubernetes/admin.conf ${command}`)
const engines = async (): Promise<Record<string, string>> =>
  Object.fromEntries(
    (
      await kubectl(
        'get nodes -o \'jsonpath={range .items[*]}{.metadata.name} {.status.nodeInfo.containerRuntimeVersion} {.spec.unschedulable}{"\\n"}{end}\'',
      )
    )
      .split('\n')
      .map(line => [line.split(' ')[0] ?? '', line.replace(/^\S+ /, '').trim()]),
  )
/** Whatever runs as this on the host, and since when: the same as long as nobody has restarted it. */
const process = (host: string, name: string) =>
  on(host, `for pid in $(pgrep -x ${name}); do echo "$pid $(cut -d ' ' -f 22 /proc/$pid/stat)"; done`)
const config = '/etc/containerd/config.toml'

async function run(args: readonly string[], options: Parameters<typeof runPlaybook>[2] = {}): Promise<PlaybookResult> {
  const words = ['--tags', 'container-engine', '-e', `kube_bin_cache=${cache}`, ...args]
  return runPlaybook('playbooks/upgrade.mjs', words, { inventory, ...options })
}

/** A run that must go well; what it said where it does not. */
async function done(args: readonly string[]): Promise<PlaybookResult> {
  const result = await run(args)
  const finished = result.events.filter(({ kind }) => kind === 'hostFinished' || kind === 'stopped')
  is(result.exitCode, 0, `${finished.map(event => JSON.stringify(event)).join('\n')}\n${result.stderr}`)
  return result
}

async function nothingChanges(args: readonly string[]) {
  for (const { host, outcome, changed } of totals(await done(args)).values())
    equal([host, outcome, changed], [host, 'ok', 0])
}

/** While clients ask through every node's proxy: nobody who connects anew is failed. */
async function asked<T>(work: () => Promise<T>): Promise<T> {
  const info = await labInfo(lab)
  const probe = await startProbe({
    paths: info.hosts
      .filter(({ name }) => name.startsWith('node-'))
      .map(({ name, container }) => ({ name, container, url: 'https://127.0.0.1:6443' })),
    ...(await asAdministrator(info)),
    rate: 10,
  })
  try {
    return await work()
  } finally {
    const table = await probe.stop()
    console.log(`\n${renderTable(table)}`)
    const failed = table.filter(row => row.kind.startsWith('new ')).reduce((sum, row) => sum + row.failures, 0)
    is(failed, 0, 'requests on new connections that failed')
  }
}

/** The file of a package of another suite; the machine's own lists stay as they are. */
async function newer(suite: string, name: string): Promise<string> {
  const dir = join(place, 'apt')
  const known = () => (existsSync(dir) ? readdirSync(dir) : []).find(file => file.startsWith(`${name}_`))
  const there = known()
  if (there !== undefined) return join(dir, there)
  for (const folder of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(dir, folder), { recursive: true })
  const { stdout } = await execa('sh', [
    '-c',
    'cat /etc/apt/sources.list /etc/apt/sources.list.d/debian.* 2>/dev/null || :',
  ])
  const uri = /^(?:URIs: *|deb (?:\[.*?\] )?)(\S+\/debian)\/?(?:\s|$)/m.exec(stdout)?.[1]
  if (uri === undefined) throw new Error('this machine does not say where Debian’s packages are')
  writeFileSync(
    join(dir, 'list'),
    `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${uri} ${suite} main\n`,
  )
  const words = [
    `-oDir::Etc::sourcelist=${dir}/list`,
    '-oDir::Etc::sourceparts=/dev/null',
    `-oDir::State::lists=${dir}/lists`,
    `-oDir::Cache=${dir}/cache`,
  ]
  await execa('apt-get', [...words, '-q', 'update'])
  await execa('apt-get', [...words, '-q', 'download', `${name}/${suite}`], { cwd: dir })
  const deb = known()
  if (deb === undefined) throw new Error(`${name} did not come`)
  return join(dir, deb)
}

const number = (version: string): string => /^\d+\.\d+\.\d+/.exec(version)?.[0] ?? ''

/** Programs as kubespray's tarball has them, where an operator without the web lays them. */
async function lay(version: string, fill: (bin: string) => Promise<void> | void) {
  const dir = join(place, `containerd-${version}`)
  mkdirSync(join(dir, 'bin'), { recursive: true })
  await fill(join(dir, 'bin'))
  const to = join(cache, 'container-engine', `v${version}`, 'amd64')
  mkdirSync(to, { recursive: true })
  await execa('tar', ['-C', dir, '-czf', join(to, 'containerd.tar.gz'), 'bin'])
}

let [old, target, wholeVersion] = ['', '', '']
const ours = ['-l', 'node-1,master-2']
const programs = ['containerd', 'ctr', 'containerd-shim-runc-v2']

test('a cluster whose containerd is kubespray’s programs on some hosts, and a package on others', async () => {
  if (globalThis.process.env.ROTA_KEEP_LAB === undefined) await labDown({ name: lab })
  await labUp({
    ...{ name: lab, layout: 'kubespray-2.28', runtime: 'containerd' },
    ...{ masters: 3, nodes: 2, spareMasters: 0, spareNodes: 0, runtimes: { 'master-3': 'docker' } },
  })
  const deb = await newer('trixie', 'containerd')
  const { stdout: version } = await execa('dpkg-deb', ['-f', deb, 'Version'])
  ;[old, target, wholeVersion] = [
    number(await on('node-2', 'containerd --version | cut -d " " -f 3')),
    number(version),
    version,
  ]
  const unpacked = join(place, 'deb')
  await execa('dpkg-deb', ['-x', deb, unpacked])
  await lay(target, bin => {
    for (const name of programs) cpSync(join(unpacked, 'usr/bin', name), join(bin, name))
  })
  for (const host of ['node-1', 'master-2'])
    await on(
      host,
      `for name in ${programs.join(' ')}; do cp /usr/bin/$name /usr/local/bin/; done
sed 's#ExecStart=/usr/bin/#ExecStart=/usr/local/bin/#' /lib/systemd/system/containerd.service >/etc/systemd/system/containerd.service
systemctl daemon-reload; systemctl restart containerd`,
    )
  await nothingChanges([])
  const told = await run(['-e', `containerd_version=${target}`, '--check'])
  is(told.exitCode, 2)
  match(JSON.stringify(told.events), `apt knows no containerd ${target} `)
})

test('a config.toml that containerd does not take: refused before anybody is drained, and the old one serves on', async () => {
  const before = await process('node-1', 'containerd')
  await on('node-1', `cp -p ${config} ${config}.good; echo '[plugins."broken"' >>${config}`)
  const refused = await run(['-l', 'node-1', '-e', `containerd_version=${target}`])
  is(refused.exitCode, 2)
  match(JSON.stringify(refused.events), /containerd does not take \/etc\/containerd\/config\.toml as it is/)
  is(await process('node-1', 'containerd'), before)
  await on('node-1', `mv ${config}.good ${config}`)
  is((await engines())['node-1'], `containerd://${old}`)
})

test('containerd is upgraded within the drain, on a worker and on a master: containers go on, and no request fails', async () => {
  const api = await process('master-2', 'kube-apiserver')
  const nginx = await process('node-1', 'nginx')
  ok(api !== '' && nginx !== '')
  // The control machine dies when the programs are in their place, and the old one still runs.
  const died = await run(['-l', 'node-1', '-e', `containerd_version=${target}`], {
    dieOn: event => event.kind === 'task' && event.host === 'node-1' && event.task.endsWith('in /usr/local/bin'),
  })
  is(died.exitCode, -1)
  await sleep(3000)
  const result = await asked(() => done([...ours, '-e', `containerd_version=${target}`]))
  const { 'node-1': worker = '', 'master-2': master = '', 'node-2': other = '' } = await engines()
  match(worker, new RegExp(`^containerd://${target}[^ ]*$`), 'back, and not cordoned')
  match(master, new RegExp(`^containerd://${target}[^ ]*$`))
  is(other, `containerd://${old}`)
  is(await process('master-2', 'kube-apiserver'), api, 'the API server has not restarted')
  is(await process('node-1', 'nginx'), nginx, 'the proxy has not restarted')
  match(await on('node-1', `/opt/kubernetes/container-engine/containerd-${old}/bin/containerd --version`), old)
  const order = result.events.flatMap(event =>
    event.kind === 'around' && event.status === 'done' && event.host === 'master-2'
      ? [`${event.phase} ${event.name}`]
      : [],
  )
  match(order.join('\n'), /enter the node is drained/)
  await nothingChanges([...ours, '-e', `containerd_version=${target}`])
})

/** Packages of a host, as a repository of its own has them. */
async function repository(host: string, debs: readonly string[]) {
  const info = await labInfo(lab)
  for (const [index, deb] of debs.entries()) await put(info, host, `/srv/newer/${index}.deb`, readFileSync(deb))
  await on(
    host,
    `cd /srv/newer
for file in *.deb; do dpkg-deb -f $file; echo "Filename: ./$file"; echo "Size: $(stat -c %s $file)"; echo "SHA256: $(sha256sum $file | cut -d ' ' -f 1)"; echo; done >Packages
echo 'deb [trusted=yes] file:/srv/newer ./' >/etc/apt/sources.list.d/newer.list
apt-get -q update -o Dir::Etc::sourcelist=/etc/apt/sources.list.d/newer.list -o Dir::Etc::sourceparts=/dev/null -o APT::Get::List-Cleanup=0 >/dev/null`,
  )
}

test('a package of another suite, within the drain', async () => {
  const nginx = await process('node-2', 'nginx')
  await repository('node-2', [await newer('trixie', 'containerd')])
  await on('node-2', 'apt-mark hold containerd >/dev/null')
  await asked(() => done(['-l', 'node-2', '-e', `containerd_version=${target}`]))
  match((await engines())['node-2'] ?? '', new RegExp(`^containerd://${target}[^ ]*$`))
  is(await on('node-2', "dpkg-query -W -f '${Version} ${db:Status-Want}' containerd"), `${wholeVersion} hold`)
  is(await process('node-2', 'nginx'), nginx)
  await nothingChanges(['-l', 'node-2', '-e', `containerd_version=${target}`])
})

test('Docker of a master: its containers end with it, come back, and no request fails', async () => {
  const debs = [await newer('trixie', 'docker.io'), await newer('trixie', 'docker-cli')]
  const { stdout } = await execa('dpkg-deb', ['-f', debs[0] ?? '', 'Version'])
  await repository('master-3', debs)
  const version = number(stdout)
  const wanted = ['-l', 'master-3', '-e', `docker_version=${version.split('.').slice(0, 2).join('.')}`]
  const api = await process('master-3', 'kube-apiserver')
  await asked(() => done(wanted))
  match((await engines())['master-3'] ?? '', new RegExp(`^docker://${version}[^ ]*$`))
  const now = await process('master-3', 'kube-apiserver')
  ok(now !== '' && now !== api)
  await nothingChanges(wanted)
})

test('mirrors: containerd is restarted for where they are, once, and for none of them', async () => {
  const mirrors = (host: string) => [
    '-l',
    'node-1',
    '-e',
    JSON.stringify({
      containerd_registries_mirrors: [{ prefix: 'docker.io', mirrors: [{ host, capabilities: ['pull'] }] }],
    }),
  ]
  const before = await process('node-1', 'containerd')
  await done(mirrors('https://one:5000'))
  const once = await process('node-1', 'containerd')
  ok(once !== before)
  match(await on('node-1', `containerd config dump`), 'config_path = "/etc/containerd/certs.d"')
  await done(mirrors('https://two:5000'))
  match(await on('node-1', 'cat /etc/containerd/certs.d/docker.io/hosts.toml'), 'https://two:5000')
  is(await process('node-1', 'containerd'), once)
  await nothingChanges(mirrors('https://two:5000'))
  const wrong = await run(['-l', 'node-1', '-e', 'containerd_use_systemd_cgroup=true'])
  is(wrong.exitCode, 2)
  match(JSON.stringify(wrong.events), /the cgroupDriver of the kubelet is cgroupfs: pods would not start/)
  is(await process('node-1', 'containerd'), once)
})

test('one that does not come up: the old one is in its place again, and serves', async () => {
  // A stand-in: it says that it is containerd, and ends.
  const next = target.replace(/\d+$/, last => String(Number(last) + 1))
  await lay(next, bin => {
    const text = `#!/bin/sh\ncase "$*" in *--version) echo "containerd x ${next}" ;; *'config dump') ;; *) exit 1 ;; esac\n`
    writeFileSync(join(bin, 'containerd'), text, { mode: 0o755 })
  })
  const failed = await run(['-l', 'node-1', '-e', `containerd_version=${next}`])
  is(failed.exitCode, 2)
  const said = JSON.stringify(failed.events)
  match(said, `containerd ${next} does not come up within`)
  match(said, `${target} is in its place again, and serves`)
  match((await engines())['node-1'] ?? '', new RegExp(`^containerd://${target}`))
  await nothingChanges(['-l', 'node-1', '-e', `containerd_version=${target}`])
  // Where the node was Ready again at the end of the run that failed, that one has put it back already.
  not.match((await engines())['node-1'] ?? '', / true$/)
})

test.after(async () => {
  rmSync(place, { recursive: true })
  if (globalThis.process.env.ROTA_KEEP_LAB === undefined) await labDown({ name: lab })
})

test.run()
