import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import type { PlaybookResult } from '../lab.ts'

/** A host of a lab that is struck at. */
export interface Struck {
  readonly name: string
  /** Its lab. */
  readonly lab: string
  readonly container: string
  /** Runs a command there, beside Rota. */
  readonly sh: (command: string) => Promise<string>
  /** The unit that is reloaded, or restarted, there. */
  readonly daemon: string
}

/** What happens to a host of the lab, or to the way to it, while a run changes it. */
export interface LabFault {
  readonly name: string
  readonly what: string
  /** How the run that is struck may end. */
  readonly exits: readonly number[]
  /** Steps at which it may strike; all where it is left out. */
  readonly at?: RegExp
  /** What is done before the run, at its step, and once it has ended. */
  readonly before?: (host: Struck) => Promise<unknown>
  /** `again` is the same command, of somebody else. */
  readonly strike?: (host: Struck, again: () => Promise<PlaybookResult>) => Promise<unknown>
  readonly mend?: (host: Struck) => Promise<unknown>
  /** The control machine dies at the step. */
  readonly dies?: true
  /** Hosts can't see each other: an address may be on two of them. */
  readonly splits?: true
}

const docker = (...words: readonly string[]) => execa('docker', words)

async function comesUp({ name, container, sh }: Struck): Promise<void> {
  await docker('start', container)
  for (let left = 300; ; left -= 1) {
    const state = await sh('systemctl is-system-running || :').catch(() => '')
    if (/running|degraded/.test(state)) return
    if (left === 0) throw new Error(`${name} does not come up`)
    await sleep(200)
  }
}

const rules = ['INPUT -i eth0 -j DROP', 'OUTPUT -o eth0 -j DROP']
const cut = ({ sh }: Struck) => sh(rules.map(rule => `iptables -I ${rule}`).join('; '))
const joined = ({ sh }: Struck) => sh(rules.map(rule => `iptables -D ${rule}`).join('; '))

/** Kills every ssh of this lab, and of no other, that leads to the host. */
async function endSsh({ name, lab, sh }: Struck): Promise<void> {
  // As often as /etc/hosts has it.
  const [address = ''] = (await sh('hostname -i')).trim().split(/\s+/)
  const { stdout } = await execa('pgrep', ['-f', `^ssh .*/${lab}/id_ed25519 -- ${address}( |$)`], { reject: false })
  const found = stdout.split('\n').filter(Boolean)
  if (found.length === 0) throw new Error(`no ssh leads to ${name}`)
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
/** A daemon is reloaded, or started anew. */
const fresh = / begins: (reload (haproxy|nginx-proxy)$|restart kube-)/
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
    strike: ({ container }) => docker('kill', container),
    mend: comesUp,
  },
  { name: 'ssh', what: 'SIGKILL of every ssh that leads to the host', exits: [0, 4], strike: endSsh },
  {
    name: 'cut-5s',
    what: 'nothing comes to the host, nor from it, for five seconds',
    exits: [0],
    strike: async host => {
      await cut(host)
      await sleep(5000)
      await joined(host)
    },
    splits: true,
  },
  {
    name: 'cut',
    what: 'the same until the run has ended',
    exits: [0, 4],
    strike: cut,
    mend: joined,
    splits: true,
  },
  {
    name: 'daemon',
    what: 'SIGKILL of the daemon that is being reloaded, as of a host that has no memory left',
    exits: [0, 2],
    at: fresh,
    strike: ({ sh, daemon }) => sh(`systemctl kill -s KILL ${daemon}`),
  },
  {
    name: 'hang',
    what: 'the reload hangs',
    exits: [0, 2],
    at: reload,
    before: ({ sh, daemon }) => sh(hang(daemon)),
    mend: ({ sh, daemon }) => sh(hangNoMore(daemon)),
  },
  {
    name: 'apt',
    what: 'SIGKILL of apt and dpkg, as they install a package',
    exits: [0, 2],
    at: packages,
    strike: ({ sh }) => sh('for i in $(seq 50); do pkill -9 -x "apt-get|dpkg" && exit; sleep 0.1; done; exit 1'),
  },
  {
    name: 'dpkg',
    what: 'a dpkg was interrupted before, and has to be helped up',
    exits: [0],
    at: packages,
    before: ({ sh }) =>
      sh(`dpkg-query -s sed | sed 's/^Status:.*/Status: install ok half-configured/' >/var/lib/dpkg/updates/0000`),
  },
  {
    name: 'apt-lock',
    what: 'somebody else has the lock of dpkg for ten seconds',
    exits: [0],
    at: packages,
    before: async ({ container }) => {
      await docker('exec', '-d', container, 'sh', '-c', holdDpkg(10))
    },
  },
]
