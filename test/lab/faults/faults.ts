import { execa } from 'execa'
import { inHost, type PlaybookResult, testLab } from '../lab.ts'

/** What happens to a host of the lab, or to the way to it, while a run changes it. */
export interface LabFault {
  readonly name: string
  readonly what: string
  /** How the run that is struck may end. */
  readonly exits: readonly number[]
  /** Steps at which it may strike; all where it is left out. */
  readonly at?: RegExp
  /** What is done before the run, at its step, and once it has ended. */
  readonly before?: (host: string) => Promise<unknown>
  /** `again` is the same command, of somebody else. */
  readonly strike?: (host: string, again: () => Promise<PlaybookResult>) => Promise<unknown>
  readonly mend?: (host: string) => Promise<unknown>
  /** The control machine dies at the step. */
  readonly dies?: true
}

const docker = (...words: readonly string[]) => execa('docker', words)
const container = (host: string): string => `rota-${testLab}-${host}`
const daemonOf = (host: string): string => (host.startsWith('master') ? 'haproxy' : 'nginx-proxy')

async function comesUp(host: string): Promise<void> {
  await docker('start', container(host))
  for (let left = 300; ; left -= 1) {
    const state = await inHost(host, 'systemctl is-system-running || :').catch(() => '')
    if (/running|degraded/.test(state)) return
    if (left === 0) throw new Error(`${host} does not come up`)
    await new Promise(resolve => setTimeout(resolve, 200))
  }
}

const rules = ['INPUT -i eth0 -j DROP', 'OUTPUT -o eth0 -j DROP']
const cut = (host: string) => inHost(host, rules.map(rule => `iptables -I ${rule}`).join('; '))
const joined = (host: string) => inHost(host, rules.map(rule => `iptables -D ${rule}`).join('; '))

/** Kills every ssh of this lab, and of no other, that leads to the host. */
async function endSsh(host: string): Promise<void> {
  const address = (await inHost(host, 'hostname -i')).trim()
  const { stdout } = await execa('pgrep', ['-f', `^ssh .*/${testLab}/id_ed25519 -- ${address}( |$)`], { reject: false })
  const found = stdout.split('\n').filter(Boolean)
  if (found.length === 0) throw new Error(`no ssh leads to ${host}`)
  for (const pid of found) process.kill(Number(pid), 'SIGKILL')
}

/** A reload that never ends, and that systemd waits four seconds for. */
const hang = (unit: string): string => `mkdir -p /run/systemd/system/${unit}.service.d
printf '[Service]\\nExecReload=\\nExecReload=/bin/sleep 1d\\nTimeoutStartSec=4\\n' >/run/systemd/system/${unit}.service.d/hang.conf
systemctl daemon-reload`
const hangNoMore = (unit: string): string => `rm -rf /run/systemd/system/${unit}.service.d; systemctl daemon-reload`

/** Holds the locks of dpkg as dpkg does, for so many seconds. */
const holdDpkg = (seconds: number): string => `perl -e 'use Fcntl; for my $name ("lock-frontend", "lock") {
  open(my $file, ">", "/var/lib/dpkg/$name") or die; push @held, $file;
  fcntl($file, F_SETLK, pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0)) or die } sleep ${seconds}'`

const reload = / begins: reload (haproxy|nginx-proxy)$/
const packages = / begins: packages /

export const labFaults: readonly LabFault[] = [
  { name: 'controller', what: 'SIGKILL of the controller', exits: [-1, 0], dies: true },
  {
    name: 'second',
    what: 'another controller begins meanwhile',
    exits: [0],
    strike: async (_, again) => {
      const { exitCode, events } = await again()
      if (exitCode !== 0 && !/another controller is working on this host/.test(JSON.stringify(events)))
        throw new Error(`the other controller ended with ${exitCode}, and not for the first one's sake`)
    },
  },
  {
    name: 'power',
    what: 'the host loses its power, and comes back without what was in its memory',
    exits: [0, 2, 4],
    strike: host => docker('kill', container(host)),
    mend: comesUp,
  },
  { name: 'ssh', what: 'SIGKILL of every ssh that leads to the host', exits: [0, 4], strike: endSsh },
  {
    name: 'cut-5s',
    what: 'nothing comes to the host, nor from it, for five seconds',
    exits: [0],
    strike: async host => {
      await cut(host)
      await new Promise(resolve => setTimeout(resolve, 5000))
      await joined(host)
    },
  },
  { name: 'cut', what: 'the same until the run has ended', exits: [0, 4], strike: cut, mend: joined },
  {
    name: 'daemon',
    what: 'SIGKILL of the daemon that is being reloaded, as of a host that has no memory left',
    exits: [0, 2],
    at: reload,
    strike: host => inHost(host, `systemctl kill -s KILL ${daemonOf(host)}`),
  },
  {
    name: 'hang',
    what: 'the reload hangs',
    exits: [0, 2],
    at: reload,
    before: host => inHost(host, hang(daemonOf(host))),
    mend: host => inHost(host, hangNoMore(daemonOf(host))),
  },
  {
    name: 'apt',
    what: 'SIGKILL of apt and dpkg, as they install a package',
    exits: [0, 2],
    at: packages,
    strike: host => inHost(host, 'for i in $(seq 50); do pkill -9 -x "apt-get|dpkg" && exit; sleep 0.1; done; exit 1'),
  },
  {
    name: 'dpkg',
    what: 'a dpkg was interrupted before, and has to be helped up',
    exits: [0],
    at: packages,
    before: host =>
      inHost(
        host,
        `dpkg-query -s sed | sed 's/^Status:.*/Status: install ok half-configured/' >/var/lib/dpkg/updates/0000`,
      ),
  },
  {
    name: 'apt-lock',
    what: 'somebody else has the lock of dpkg for ten seconds',
    exits: [0],
    at: packages,
    before: async host => {
      await docker('exec', '-d', container(host), 'sh', '-c', holdDpkg(10))
    },
  },
]
