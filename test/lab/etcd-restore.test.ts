import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa, execaSync } from 'execa'
import { test } from 'uvu'
import { equal, is, match, ok } from 'uvu/assert'
import { keepSnapshot } from '../../roles/etcd/snapshot.ts'
import { unpackPackage } from '../../scripts/lab/apt.mjs'
import { host as hostView } from '../roles/support/inventory.ts'
import { remote } from '../roles/support/remote.ts'
import { theirEnv, theirUnit } from '../roles/support/their-etcd.ts'
import { commandsUnder, everywhere, restoreUnits } from './restore-page.ts'

// What a run keeps of etcd, and docs/etcd-restore.md as it stands, with real programs of two releases: the oldest and
// the newest that Debian has. A host is a process with its own directories and its own view of processes; systemctl and
// the kubelet are stood in for.

const base = mkdtempSync(join(tmpdir(), 'rota-restore-'))
const suites = { old: undefined, new: 'trixie' } as const
type Release = keyof typeof suites
const programs = (release: Release): string => join(base, release)
const hosts = new Map<string, number>()
const ends: (() => unknown)[] = []
/** All hosts end, with whatever runs on them. */
const end = async (): Promise<void> => {
  await Promise.all(ends.splice(0).map(one => one()))
}

test.before(async () => {
  for (const [release, suite] of Object.entries(suites)) {
    mkdirSync(join(base, release))
    for (const name of ['etcd-server', 'etcd-client'])
      await unpackPackage(name, './usr/bin', join(base, release), { strip: 3, ...(suite && { suite }) })
  }
  const names = ['m1', 'm2', 'm3']
  const made = `openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca-key.pem -out ca.pem -subj /CN=etcd-ca 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout key.pem -out csr -subj /CN=etcd 2>/dev/null
printf 'extendedKeyUsage=clientAuth,serverAuth\\nsubjectAltName=IP:127.0.0.1,IP:127.0.1.1,IP:127.0.1.2,IP:127.0.1.3\\n' >ext
openssl x509 -req -in csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile ext -out cert.pem 2>/dev/null
for host; do for kind in member admin; do cp cert.pem $kind-$host.pem; cp key.pem $kind-$host-key.pem; done; done`
  mkdirSync(join(base, 'ssl'))
  await execa('sh', ['-ec', made, 'sh', ...names], { cwd: join(base, 'ssl') })
})
test.after.each(end)
test.after(() => rmSync(base, { recursive: true, force: true }))

const systemctl = `#!/bin/sh
case "$*" in
  'stop etcd')
    pid=$(cat /var/lib/etcd.pid 2>/dev/null) || exit 0
    kill "$pid" 2>/dev/null
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done ;;
  *'start'*' etcd')
    set -a; . /etc/etcd.env; set +a
    setsid etcd </dev/null >>/var/lib/etcd.log 2>&1 &
    echo $! >/var/lib/etcd.pid ;;
esac
`
const docker = `#!/bin/sh
case $1 in ps) echo 12ab ;; exec) shift 2; exec "$@" ;; *) exit 1 ;; esac
`
const kubelet = `manifest=/etc/kubernetes/manifests/etcd.yaml pid=
while :; do
  if [ -e $manifest ]; then
    [ -n "$pid" ] || { etcd $(sed -n 's/^ *- --/--/p' $manifest) </dev/null >>/var/lib/etcd.log 2>&1 & pid=$!; }
  elif [ -n "$pid" ]; then
    kill $pid; wait $pid; pid=
  fi
  sleep 0.2
done`

/**
 * A host with its own /etc, /root, /var/lib, /var/backups and /usr/local/bin; whatever runs there ends with it. Its
 * first process is a shell, which buries the dead.
 */
async function made(name: string, release: Release): Promise<void> {
  const dir = mkdtempSync(join(base, `${name}-`))
  for (const folder of ['etc', 'root', 'lib', 'backups', 'bin']) mkdirSync(join(dir, folder))
  for (const program of ['etcd', 'etcdctl', ...(release === 'new' ? ['etcdutl'] : [])])
    symlinkSync(join(programs(release), program), join(dir, 'bin', program))
  for (const [program, text] of Object.entries({ systemctl, docker }))
    writeFileSync(join(dir, 'bin', program), text, { mode: 0o755 })
  const set = `cp -a /etc/. ${dir}/etc
mount --bind ${dir}/etc /etc; mount --bind ${dir}/root /root; mount --bind ${dir}/lib /var/lib
mount --bind ${dir}/backups /var/backups; mount --bind ${dir}/bin /usr/local/bin
: >/root/ready
while :; do sleep 0.2; done`
  const process = execa('unshare', ['-m', '-p', '-f', '--kill-child', '--mount-proc', 'sh', '-ec', set], {
    reject: false,
  })
  ends.push(() => {
    process.kill('SIGKILL')
    return process
  })
  for (let looks = 0; looks < 300; looks += 1) {
    const { stdout } = await execa('sh', ['-c', `[ -e ${dir}/root/ready ] && pgrep -P ${process.pid}`], {
      reject: false,
    })
    if (stdout !== '') {
      hosts.set(name, Number(stdout))
      return
    }
    await sleep(100)
  }
  throw new Error(`${name} did not come up`)
}
const entered = (name: string, command: string) =>
  ['-t', String(hosts.get(name)), '-m', '-p', 'sh', '-c', command] as const
const env = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin' }
const on = async (name: string, command: string): Promise<string> =>
  (await execa('nsenter', [...entered(name, command)], { env, extendEnv: false })).stdout

/** As a run does it, `more` being where its member is. */
async function kept(names: readonly string[], more: { readonly podPki?: string; readonly podData?: string } = {}) {
  const { context, said } = remote((text, name) => {
    const { exitCode, stdout, stderr } = execaSync('nsenter', [...entered(name, `set -eu\n${text}`)], {
      ...{ env, extendEnv: false, reject: false },
    })
    return exitCode === 0 ? stdout : { stderr }
  })
  const at = { configDir: '/none', clientPort: 2379, backupDir: '/var/backups', snapshotsKept: 5, snapshotsSize: 1024 }
  is(
    await keepSnapshot(
      context,
      { ...at, ...more },
      names.map((name, index) => hostView(name, `127.0.1.${index + 1}`)),
    ),
    true,
  )
  const [, host = '', path = ''] =
    /^(\S+): a snapshot of etcd is in (\S+) \(1 MiB, \d+ keys, revision \d+\)$/.exec(said[0] ?? '') ?? []
  equal(
    await on(host, `stat -c '%a %u' ${path} /var/backups/rota-etcd; ls -A /var/backups/rota-etcd | wc -l`),
    '600 0\n700 0\n1',
  )
  return { host, path }
}

for (const release of ['old', 'new'] as const)
  test(`members that are units, of Debian's ${release} release`, async () => {
    const names = ['m1', 'm2', 'm3']
    const members = names.map((name, index) => `etcd-${name}=https://127.0.1.${index + 1}:2380`)
    await Promise.all(names.map(name => made(name, release)))
    for (const [index, name] of names.entries()) {
      const ip = `127.0.1.${index + 1}`
      const text = theirEnv({ name: `etcd-${name}`, host: name, ip, members })
        .replace(/^ETCD_LISTEN_METRICS_URLS=.*\n/m, '')
        .replace(',https://127.0.0.1:2379', '')
        .replace('ENDPOINTS=https://127.0.0.1', `ENDPOINTS=https://${ip}`)
        .replace('STATE=existing', 'STATE=new')
      await on(
        name,
        `mkdir -p /etc/ssl/etcd /etc/systemd/system; cp -r ${base}/ssl /etc/ssl/etcd/ssl
cat >/etc/etcd.env <<'END'\n${text}END
cat >/etc/systemd/system/etcd.service <<'END'\n${theirUnit}END
systemctl start etcd`,
      )
    }
    const ctl = (name: string, words: string) =>
      on(name, `set -a; . /etc/etcd.env; export ETCDCTL_API=3; etcdctl ${words}`)
    await on(
      'm1',
      "timeout 60 sh -c 'set -a; . /etc/etcd.env; export ETCDCTL_API=3; until etcdctl endpoint health --cluster; do sleep 0.5; done' 2>&1",
    )
    await ctl('m1', 'put kept before')
    const snapshot = await kept(names)
    await ctl('m1', 'put kept after')
    await ctl('m2', 'put later after')
    await everywhere(names, on, 'systemctl stop etcd; rm -rf /var/lib/etcd/member')
    match(await restoreUnits(names, on, snapshot), /(, started, etcd-m\d, .*){3}/s)
    for (const name of names) equal(await ctl(name, 'get --print-value-only kept'), 'before')
    equal(await ctl('m3', 'get later'), '')
  })

test("a member that is a static pod of kubeadm's", async () => {
  await made('p1', 'new')
  const pki = '/etc/kubernetes/pki/etcd'
  const files = ['ca.crt', 'server.crt', 'healthcheck-client.crt', 'server.key', 'healthcheck-client.key']
  await on(
    'p1',
    `mkdir -p /etc/kubernetes/manifests ${pki}; cd ${pki}
${files.map(name => `cp ${base}/ssl/${name === 'ca.crt' ? 'ca.pem' : name.endsWith('key') ? 'key.pem' : 'cert.pem'} ${name}`).join('\n')}
cat >/etc/kubernetes/manifests/etcd.yaml <<'END'
spec:
  containers:
  - command:
    - etcd
    - --cert-file=${pki}/server.crt
    - --client-cert-auth=true
    - --data-dir=/var/lib/etcd
    - --advertise-client-urls=https://127.0.1.1:2379
    - --initial-advertise-peer-urls=https://127.0.1.1:2380
    - --initial-cluster=p1=https://127.0.1.1:2380
    - --key-file=${pki}/server.key
    - --listen-client-urls=https://127.0.0.1:2379,https://127.0.1.1:2379
    - --listen-peer-urls=https://127.0.1.1:2380
    - --name=p1
    - --peer-cert-file=${pki}/server.crt
    - --peer-key-file=${pki}/server.key
    - --peer-trusted-ca-file=${pki}/ca.crt
    - --trusted-ca-file=${pki}/ca.crt
    image: registry.k8s.io/etcd:3.5.16-0
    name: etcd
END
cat >/root/kubelet <<'END'\n${kubelet}\nEND
setsid sh /root/kubelet </dev/null >/dev/null 2>&1 &`,
  )
  const ctl = (words: string) =>
    on(
      'p1',
      `etcdctl --cacert ${pki}/ca.crt --cert ${pki}/healthcheck-client.crt --key ${pki}/healthcheck-client.key --endpoints https://127.0.0.1:2379 ${words}`,
    )
  const [who = '', stop = '', restore = '', start = '', look = ''] = commandsUnder("etcd as a static pod of kubeadm's")
  ok(look.includes('/health'))
  match(await on('p1', look), '"health":"true"')
  await ctl('put kept before')
  const snapshot = await kept(['p1'], { podPki: pki, podData: '/var/lib/etcd' })
  equal(await on('p1', 'ls -A /var/lib/etcd'), 'member')
  await ctl('put kept after')
  await on('p1', `cp ${snapshot.path} /root/etcd-restore.db`)
  const members = await on('p1', who)
  equal(members, 'p1=https://127.0.1.1:2380')
  for (const command of commandsUnder('2. The API servers stop')) await on('p1', command)
  await on('p1', stop)
  await on('p1', 'rm -rf /var/lib/etcd/member')
  await on('p1', `members='${members}'\n${restore}`)
  equal(await on('p1', 'ls -A /var/lib/etcd'), 'member')
  await on('p1', start)
  match(await on('p1', look), '"health":"true"')
  equal(await ctl('get --print-value-only kept'), 'before')
})

test.run()
