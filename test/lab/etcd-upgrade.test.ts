import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, is, match, not, ok } from 'uvu/assert'
import { unpackPackage } from '../../scripts/lab/apt.mjs'
import { inHost, type PlaybookResult, runPlaybook, testLab, totals, upLab, withInventory } from './lab.ts'
import { makeTheirEtcd, noEtcd } from './their-etcd.ts'

// An etcd in kubespray's layout goes from the release of this Debian (3.4) to that of the next one (3.5): real
// programs, real members, clients that ask all the while.
const lab = await upLab()
const members = ['master-1', 'master-2', 'master-3']
const client = 'node-1'
const cache = await mkdtemp(join(tmpdir(), 'rota-etcd-cache-'))
const newer = await archiveOfNewer()

test.before(async () => {
  await noEtcd(members)
  await makeTheirEtcd(lab, members)
})
test.after(async () => {
  await inHost(client, 'touch /run/etcd-client/stop; sleep 1; rm -rf /run/etcd-client')
  await noEtcd(members)
  await Promise.all(members.map(host => inHost(host, 'rm -rf /run/systemd/system/etcd.service.d')))
  await rm(cache, { recursive: true })
})

/** An archive as etcd publishes it, where an operator lays one; returns its version. */
async function archiveOfNewer(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'rota-etcd-newer-'))
  try {
    for (const name of ['etcd-server', 'etcd-client'])
      await unpackPackage(name, './usr/bin', dir, { strip: 3, suite: 'trixie' })
    const { stdout } = await execa(join(dir, 'etcd'), ['--version'])
    const version = /etcd Version: (\S+)/.exec(stdout)?.[1] ?? ''
    await archive(version, dir)
    return version
  } finally {
    await rm(dir, { recursive: true })
  }
}

async function archive(version: string, dir: string): Promise<void> {
  const name = `etcd-v${version}-linux-amd64`
  await mkdir(join(cache, 'etcd', `v${version}`), { recursive: true })
  const file = join(cache, 'etcd', `v${version}`, `${name}.tar.gz`)
  await execa('tar', ['-C', dir, '--transform', `s,^[.],${name},`, '-I', 'gzip -1', '-cf', file, '.'])
}

/** A stand-in for a release that is broken: it knows its version, and does not start. */
async function archiveOfBroken(version: string): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'rota-etcd-broken-'))
  const script = `#!/bin/sh\n[ "$1" = --version ] && { echo "etcd Version: ${version}"; exit; }\necho 'it is broken' >&2\nexit 1\n`
  await writeFile(join(dir, 'etcd'), script)
  await chmod(join(dir, 'etcd'), 0o755)
  await archive(version, dir)
  await rm(dir, { recursive: true })
}

/** How often systemd starts etcd within a time, before it refuses: on every member, as a drop-in of the unit. */
async function limitStarts(dropIn: string): Promise<void> {
  const script = `d=/run/systemd/system/etcd.service.d; mkdir -p $d; printf %s '${dropIn}' >$d/limit.conf; systemctl daemon-reload`
  await Promise.all(members.map(host => inHost(host, script)))
}

const etcdctl = (host: string, words: string) => inHost(host, `set -a; . /etc/etcd.env; ETCDCTL_API=3 etcdctl ${words}`)
const versionAt = async (host: string) =>
  /"version":"([^"]*)"/.exec(await etcdctl(host, 'endpoint status -w json'))?.[1]
const versions = () => Promise.all(members.map(versionAt))
const pids = () => Promise.all(members.map(host => inHost(host, 'systemctl show -p MainPID --value etcd')))
const files = () =>
  Promise.all(
    members.map(host =>
      inHost(
        host,
        'cd /usr/local/bin; sha256sum /etc/etcd.env /etc/systemd/system/etcd.service etcd*; ls -d /opt/kubernetes/etcd /var/backups/rota-etcd 2>/dev/null || :',
      ),
    ),
  )
const leader = async () => {
  const [id, of] =
    /"member_id":(\d+).*"leader":(\d+)/.exec(await etcdctl('master-1', 'endpoint status -w json'))?.slice(1) ?? []
  return id === of ? 'master-1' : 'another'
}
const run = (version: string, args: readonly string[] = [], more: Parameters<typeof runPlaybook>[2] = {}) =>
  withInventory(
    text => `${text}\netcd_deployment_type=host\n`,
    inventory =>
      runPlaybook(
        'playbooks/upgrade.mjs',
        ['-t', 'etcd', '-e', `etcd_version=${version}`, '-e', `kube_bin_cache=${cache}`, ...args],
        { inventory, ...more },
      ),
  )
const said = (result: PlaybookResult): string =>
  `${result.events.flatMap(event => ('message' in event && event.message ? [event.message] : [])).join('\n')}${result.stderr}`
const notes = (result: PlaybookResult): string =>
  result.events.flatMap(event => (event.kind === 'note' ? [event.text] : [])).join('\n')
const changes = (result: PlaybookResult) => members.map(host => totals(result).get(host)?.changed)

/** One that writes and two that read, from another host, by any member; what they could not is counted. */
async function startClients(): Promise<void> {
  const tar = await inHost(
    'master-1',
    'cd /etc/ssl/etcd/ssl; tar -c ca.pem admin-master-1.pem admin-master-1-key.pem | base64',
  )
  const at = lab.hosts.flatMap(({ name, ip }) => (members.includes(name) ? [`https://${ip}:2379`] : [])).join(',')
  const script = `cd /run/etcd-client
ask() {
  ETCDCTL_API=3 timeout 10 etcdctl --cacert=ca.pem --cert=admin-master-1.pem --key=admin-master-1-key.pem --endpoints=${at} "$@"
}
begin() {
  done=0 failed=0
  while [ ! -e stop ]; do
    if said=$("$@" 2>&1); then done=$((done + 1)); else failed=$((failed + 1)); echo "$said" >>errors; fi
    echo "$done $failed" >"$who.new"; mv "$who.new" "$who"
  done
}
put() { ask put "key$done" "$done"; }
get() { ask get key0; }
who=writer begin put & who=reader1 begin get & who=reader2 begin get &
wait
`
  await execa(
    'docker',
    [
      'exec',
      '-i',
      `rota-${testLab}-${client}`,
      'sh',
      '-c',
      'rm -rf /run/etcd-client; mkdir -p /run/etcd-client; cd /run/etcd-client; base64 -d | tar -x',
    ],
    { input: tar },
  )
  await execa(
    'docker',
    [
      'exec',
      '-i',
      `rota-${testLab}-${client}`,
      'sh',
      '-c',
      'apt-get install -y -q etcd-client >/dev/null; cat >/run/etcd-client/run',
    ],
    { input: script },
  )
  await execa('docker', ['exec', '-d', `rota-${testLab}-${client}`, 'sh', '/run/etcd-client/run'])
  await inHost(
    client,
    "cd /run/etcd-client; timeout 20 sh -c 'until [ -e writer ] && [ -e reader1 ] && [ -e reader2 ]; do sleep 0.1; done'",
  )
}

/** What each has done, and not. */
const clients = async () =>
  await inHost(
    client,
    'cd /run/etcd-client; touch stop; sleep 1; cat writer reader1 reader2; cat errors 2>/dev/null || :',
  )

test('a minor version that is left out is refused before anything is done, in check mode, too', async () => {
  const before = [await files(), await pids()]
  for (const args of [[], ['--check']]) {
    const result = await run('3.6.99', args)
    equal(result.exitCode, 2, result.stderr)
    match(said(result), /master-2 has 3\.4\.\d+: a minor version is left out on the way to 3\.6\.99: go to 3\.5 first/)
  }
  equal([await files(), await pids()], before)
})

test('a new program that does not start: the old one is back, and nobody else was touched', async () => {
  await archiveOfBroken('3.5.99')
  await limitStarts('[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=1\n[Service]\nRestartSec=100ms\n')
  const [old] = await versions()
  const before = await pids()
  const result = await run('3.5.99')
  equal(result.exitCode, 2, result.stderr)
  match(said(result), /etcd 3\.5\.99 did not come up on master-\d .*it is broken.*3\.4\.\d+ is back/)
  const after = await pids()
  is(after.filter((pid, index) => pid !== before[index]).length, 1)
  equal(
    await versions(),
    members.map(() => old),
  )
  match(await etcdctl('master-1', 'endpoint health --cluster 2>&1'), /(is healthy[\s\S]*){3}/)
  equal(await inHost('master-1', 'ls /usr/local/bin | grep rota || :'), '')
  await limitStarts('')
})

test('what would be done is told, and nothing is', async () => {
  const before = [await files(), await pids()]
  const result = await run(newer, ['--check', '--diff'])
  equal(result.exitCode, 0, said(result))
  for (const count of changes(result)) ok((count ?? 0) > 0)
  equal([await files(), await pids()], before)
})

test('member by member to the next minor version, though the run is killed half-way: nobody who asks is cut off', async () => {
  const id = (await etcdctl('master-1', 'member list'))
    .split('\n')
    .find(line => line.includes('etcd1'))
    ?.split(',')[0]
  for (const host of members) await etcdctl(host, `move-leader ${id}`).catch(() => '')
  is(await leader(), 'master-1')
  await startClients()
  const killed = await run(newer, [], { dieOn: event => event.kind === 'hostFinished' && event.outcome === 'changed' })
  not.equal(killed.exitCode, 0)
  is(await versionAt('master-1'), (await versions())[0])
  not.equal(await versionAt('master-1'), newer)
  is(await leader(), 'master-1')
  const result = await run(newer)
  equal(result.exitCode, 0, said(result))
  equal(
    await versions(),
    members.map(() => newer),
  )
  is(await leader(), 'another')
  match(notes(result), `all members of etcd are ${newer}, the cluster is at 3.5.0`)
  // etcdctl is no API server, which is held for the moment: a call that is under way on the very member that stops may
  // be told so, once a member.
  const counts = (await clients())
    .split('\n')
    .slice(0, 3)
    .map(line => line.split(' ').map(Number))
  console.log(`asked, and failed: ${counts.join(' ')}`)
  for (const [done = 0] of counts) ok(done > 100)
  ok(counts.reduce((sum, [, failed = 0]) => sum + failed, 0) <= members.length, JSON.stringify(counts))
  match(await inHost('master-1', 'etcdctl version'), newer)
  match(await etcdctl('master-1', 'endpoint health --cluster 2>&1'), /(is healthy[\s\S]*){3}/)
  const kept = await Promise.all(
    members.map(host => inHost(host, 'ls /usr/local/bin/*rota* /var/backups/rota-etcd 2>/dev/null || :')),
  )
  equal(
    kept.filter(text => text.includes('rota-old')),
    [],
  )
  // One of each run: of the one that failed, the one that was killed, and this one.
  is(kept.join('\n').match(/\.db$/gm)?.length, 3)
})

test('a second run changes nothing', async () => {
  const before = [await files(), await pids()]
  const result = await run(newer)
  equal(result.exitCode, 0, said(result))
  equal(changes(result), [0, 0, 0])
  equal([await files(), await pids()], before)
})

test.run()
