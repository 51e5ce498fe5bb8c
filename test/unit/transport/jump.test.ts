import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, match, not, ok } from 'uvu/assert'
import { isFailure } from '../../../engine/failure/index.ts'
import { openJump, sharesConnections } from '../../../engine/transport/jump.ts'
import { sshFiles, sshWords } from '../../../engine/transport/ssh.ts'
import type { SshTransport } from '../../../engine/transport/types.ts'

// A jump host, asked by an ssh that writes down what it is told and does what a file beside it says.
const dir = mkdtempSync(join(tmpdir(), 'rota-jump-'))
test.after(() => rmSync(dir, { recursive: true }))
const log = join(dir, 'log')
const shared = 'controlmaster auto\\ncontrolpath /run/x\\ncontrolpersist 60'

function fakeSsh(name: string, { settings = shared, check = 1, login = 0, says = '' } = {}): SshTransport {
  const executable = join(dir, name)
  writeFileSync(
    executable,
    `#!/bin/sh
case "$*" in
  *-G*) printf '${settings}\\n' ;;
  *"-O check"*) echo check >>'${log}'; exit ${check} ;;
  *) echo "login $*" >>'${log}'; sleep 0.2; echo '${says}' >&2; exit ${login} ;;
esac
`,
  )
  chmodSync(executable, 0o755)
  return { kind: 'ssh', address: 'gate', extraArgs: [], executable, connectTimeout: 10 }
}
const files = { config: '/c/ssh.conf', session: ['-o', 'SessionType=default'] }
const opened = async (jump: SshTransport, hosts = 1) => {
  rmSync(log, { force: true })
  const all = Array.from({ length: hosts }, (_, index) =>
    openJump({ host: `h${index}`, transport: jump, shell: ['sh'] }, jump, files).then(
      () => 'open',
      error =>
        isFailure(error, 'unreachable') ? `${error.reason.host}: ${error.reason.obstacle}: ${error.message}` : error,
    ),
  )
  const results = await Promise.all(all)
  return { results, told: existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [] }
}

test('many hosts at once log in to their jump host once, without a session', async () => {
  const jump = fakeSsh('one')
  const { results, told } = await opened(jump, 40)
  equal(new Set(results), new Set(['open']))
  equal(told, [
    'check',
    'login -F /c/ssh.conf -o RemoteCommand=none -T -o ConnectTimeout=10 -o BatchMode=yes -f -N -- gate',
  ])
  equal((await opened(jump)).told, [])
})

test('a connection that is there is used', async () => {
  equal((await opened(fakeSsh('there', { check: 0 }))).told, ['check'])
})

test('where the settings of the user share none, none is opened that would stay', async () => {
  equal(await opened(fakeSsh('alone', { settings: 'controlmaster false' })), { results: ['open'], told: [] })
  const lines = (master: string, path: string, persist: string) =>
    sharesConnections(`user x\ncontrolmaster ${master}\ncontrolpath ${path}\ncontrolpersist ${persist}\n`)
  equal(lines('auto', '/x', '60'), true)
  equal([lines('false', '/x', '60'), lines('auto', 'none', '60'), lines('auto', '/x', 'no')], [false, false, false])
})

test('that it can not be logged in to is said of it, for each host behind it, and tried again later', async () => {
  const says = 'Host key verification failed.'
  const jump = fakeSsh('refuses', { login: 255, says })
  const { results, told } = await opened(jump, 2)
  equal(results, [`h0: host-key: the jump host gate: ${says}`, `h1: host-key: the jump host gate: ${says}`])
  equal(told.length, 2)
  equal((await opened(jump)).told.length, 2)
})

test('what ssh makes of the way through a jump host is what was meant, whatever the words are', async () => {
  const extraArgs = ['-o', 'UserKnownHostsFile=/a b/100%%']
  const jump = { ...fakeSsh('odd'), user: 'jump', port: 2222, identityFile: "/k/it's $HOME", extraArgs }
  const host: SshTransport = { ...jump, executable: 'ssh', address: '2001:db8::7', port: 22, extraArgs: [], jump }
  const words = sshWords(host, await sshFiles('ssh'))
  const { stdout } = await execa('ssh', ['-F', 'none', '-G', ...words.slice(words.indexOf('-T'))])
  const [, proxy] = /^proxycommand (.*)$/m.exec(stdout) ?? []
  ok(proxy)
  // As ssh does it: tokens first, then a shell.
  const command = proxy.replaceAll(/%[%hp]/g, token => ({ '%h': '2001:db8::7', '%p': '22' })[token] ?? '%')
  const { stdout: seen } = await execa('sh', ['-c', command.replace(jump.executable, 'printf "<%s>"')])
  match(seen, '<-o><UserKnownHostsFile=/a b/100%%>')
  match(seen, "<-p><2222><-l><jump><-i></k/it's $HOME><-W><[2001:db8::7]:22><--><gate>")
  not.match(seen, 'SessionType')
})

test.run()
