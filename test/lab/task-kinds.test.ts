import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, match, not } from 'uvu/assert'
import { ensureCommands } from '../../scripts/lab/apt.mjs'
import { inHost, runPlaybook, testLab, totals, upLab } from './lab.ts'

await ensureCommands({ gpg: 'gnupg' })
await upLab()

async function run(host: string, tags: string, variables: object = {}) {
  const words = ['-l', host, '--tags', tags, '-e', JSON.stringify(variables)]
  const result = await runPlaybook('test/lab/playbooks/task-kinds.mjs', words)
  const { outcome, changed } = totals(result).get(host) ?? {}
  return {
    outcome,
    changed,
    said: JSON.stringify(result.events) + result.stderr,
  }
}

/** A repository of one package, as a directory; what signs it comes from here, for hosts have no gpg. */
const makeSource = `rm -rf /opt/rota-source; mkdir -p /opt/rota-source/p/DEBIAN; cd /opt/rota-source
printf 'Package: rota-source\\nVersion: 1\\nArchitecture: all\\nMaintainer: a <a@b>\\nDescription: a\\n' >p/DEBIAN/control
dpkg-deb -b p rota-source.deb >/dev/null
sum() { sha256sum "$1" | cut -d ' ' -f 1; }
{ cat p/DEBIAN/control; printf 'Filename: ./rota-source.deb\\nSize: %s\\nSHA256: %s\\n' "$(wc -c <rota-source.deb)" "$(sum rota-source.deb)"; } >Packages
printf 'Date: %s\\nSHA256:\\n %s %s Packages\\n' "$(date -Ru)" "$(sum Packages)" "$(wc -c <Packages)" >Release
cat Release`

async function signing<T>(
  use: (
    keys: { readonly right: string; readonly other: string },
    sign: (text: string) => Promise<string>,
  ) => Promise<T>,
): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'rota-gpg-'))
  const gpg = (words: readonly string[], input = '') =>
    execa('gpg', ['--homedir', home, '--batch', '--pinentry-mode', 'loopback', '--passphrase', '', ...words], { input })
  try {
    for (const name of ['right', 'other']) await gpg(['--quick-gen-key', name, 'rsa2048', 'sign'])
    const keyOf = async (name: string) => (await gpg(['--armor', '--export', name])).stdout
    const keys = { right: await keyOf('right'), other: await keyOf('other') }
    return await use(keys, async text => (await gpg(['-u', 'right', '--clearsign'], text)).stdout)
  } finally {
    await execa('gpgconf', ['--homedir', home, '--kill', 'all'], { reject: false })
    await rm(home, { recursive: true, force: true })
  }
}

test('a repository of apt: signed by another key it is not written down; signed by its own, its packages are there', () =>
  signing(async ({ right, other }, sign) => {
    const signed = await sign(`${await inHost('node-1', makeSource)}\n`)
    await execa('docker', ['exec', '-i', `rota-${testLab}-node-1`, 'sh', '-c', 'cat >/opt/rota-source/InRelease'], {
      input: signed,
    })
    const files = () => inHost('node-1', 'ls /etc/apt/sources.list.d | grep rota-source || :')
    const wrong = await run('node-1', 'source', { source_key: other })
    equal([wrong.outcome, await files()], ['failed', ''], wrong.said)
    match(wrong.said, /NO_PUBKEY|not signed|not available/)
    const first = await run('node-1', 'source', { source_key: right })
    equal([first.outcome, first.changed, await files()], ['changed', 2, 'rota-source.sources'], first.said)
    match(await inHost('node-1', 'dpkg-query -W rota-source'), 'rota-source\t1')
    const second = await run('node-1', 'source', { source_key: right })
    equal([second.outcome, second.changed], ['ok', 0], second.said)
    await inHost('node-1', 'dpkg -P rota-source')
    const gone = await run('node-1', 'source', { source_key: right, source_state: 'absent' })
    equal([gone.outcome, await files()], ['changed', ''], gone.said)
  }))

test('a repository of dnf: one that is not there is not written down; one that is, is known', async () => {
  const files = () => inHost('node-3', 'ls /etc/yum.repos.d | grep rota-source || :')
  const none = await run('node-3', 'source', { source_url: 'file:///nowhere' })
  equal([none.outcome, await files()], ['failed', ''], none.said)
  const there = { source_url: 'file:///opt/rota-lab/rpm' }
  const first = await run('node-3', 'source', there)
  equal([first.outcome, first.changed, await files()], ['changed', 1, 'rota-source.repo'], first.said)
  match(await inHost('node-3', 'dnf -q -C --repo=rota-source repoquery nginx'), 'nginx')
  const second = await run('node-3', 'source', there)
  equal([second.outcome, second.changed], ['ok', 0], second.said)
  equal((await run('node-3', 'source', { ...there, source_state: 'absent' })).outcome, 'changed')
  equal(await files(), '')
})

// Its own table alone: Docker's rules for names are in the host, too.
const conf = `table inet rota_lab
delete table inet rota_lab
table inet rota_lab {
  chain input {
    type filter hook input priority 0; policy accept;
    ct state established,related accept
    iif lo accept
    tcp dport 22 accept
    counter reject
  }
}
`

test('ports of nftables: let in now and after a boot, and closed again; the one of this run is not closed', async () => {
  await inHost('node-1', 'command -v nft || apt-get install -qq -y nftables >/dev/null 2>&1')
  await inHost('node-1', `printf '%s' '${conf}' >/etc/nftables.conf; nft -f /etc/nftables.conf`)
  const rules = () => inHost('node-1', 'nft list chain inet rota_lab input')
  try {
    const first = await run('node-1', 'ports')
    equal([first.outcome, first.changed], ['changed', 1], first.said)
    match(
      await rules(),
      /ip6 saddr fd00::\/8 udp dport 8000-8010 accept comment "rota 8000-8010\/udp from fd00::\/8"[\s\S]*tcp dport 22/,
    )
    await inHost('node-1', 'nft -f /etc/nftables.conf')
    match(await rules(), 'tcp dport 6443 accept comment "rota 6443/tcp from 10.0.0.0/8"')
    const second = await run('node-1', 'ports')
    equal([second.outcome, second.changed], ['ok', 0], second.said)
    const closed = await run('node-1', 'ports', { ports_state: 'absent' })
    equal([closed.outcome, closed.changed], ['changed', 1], closed.said)
    not.match(await rules(), 'rota ')
    equal(await inHost('node-1', 'cat /etc/nftables.conf'), conf.trimEnd())

    equal((await run('node-1', 'ports', { ports_open: ['22/tcp'] })).outcome, 'changed')
    const own = await run('node-1', 'ports', { ports_open: ['22/tcp'], ports_state: 'absent' })
    equal(own.outcome, 'failed', own.said)
    match(own.said, 'lets this run in: it came by port 22')

    // Its table is not in what is loaded at boot: that would then be refused as a whole.
    await inHost('node-1', ': >/etc/nftables.conf')
    const lost = await run('node-1', 'ports')
    equal([lost.outcome, await inHost('node-1', 'cat /etc/nftables.conf')], ['failed', ''], lost.said)
    match(lost.said, 'was refused by: nft -c -f')
  } finally {
    await inHost('node-1', 'nft delete table inet rota_lab; rm -f /etc/nftables.conf')
  }
})

test.run()
