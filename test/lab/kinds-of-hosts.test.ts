import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import { equal } from 'uvu/assert'
import { inHost, runPlaybook, totals, upLab, withInventory } from './lab.ts'

const { files } = await upLab({ spareNodes: 2, newer: ['node-4'] })
const password = readFileSync(join(dirname(files.key), 'operator-password'), 'utf8').trim()

interface Kind {
  readonly name: string
  readonly host: string
  /** Makes the host so, and what it was again. */
  readonly make?: string
  readonly undo?: string
  /** Proves that it is so: printed by a login. */
  readonly look: string
  readonly sees: string
}

const toLocal = (folder: string) => `for f in ${folder}/*; do ln -sf "$f" /usr/local/bin/; done`
// Its own find may be one of them.
const localAgain = '/usr/bin/find /usr/local/bin -type l -delete'
const shAgain = 'ln -sf dash /bin/sh'

const kinds: readonly Kind[] = [
  { name: 'Debian with dash', host: 'node-1', look: 'readlink /bin/sh', sees: 'dash' },
  {
    name: 'bash as /bin/sh, TMOUT in its environment',
    host: 'node-1',
    make: 'ln -sf bash /bin/sh; printf "TMOUT=1\\nCDPATH=/usr\\n" >>/etc/environment',
    undo: `${shAgain}; : >/etc/environment`,
    look: 'readlink /bin/sh; echo "$TMOUT"',
    sees: 'bash\n1',
  },
  {
    name: 'busybox as /bin/sh and for every applet it has',
    host: 'node-2',
    make: 'for f in $(busybox --list); do ln -sf /bin/busybox /usr/local/bin/$f; done; ln -sf busybox /bin/sh',
    undo: `${shAgain}; ${localAgain}`,
    look: 'readlink /bin/sh; readlink "$(command -v stat)"',
    sees: 'busybox\n/bin/busybox',
  },
  { name: "Debian's next release", host: 'node-4', look: 'sudo --version | head -c 16', sees: 'Sudo version 1.9' },
  {
    name: "sudo-rs in sudo's place",
    host: 'node-4',
    make: 'ln -s /usr/bin/sudo-rs /usr/local/bin/sudo',
    undo: localAgain,
    look: 'sudo --version 2>&1 | head -c 7',
    sees: 'sudo-rs',
  },
  {
    name: "uutils' coreutils and sudo-rs",
    host: 'node-4',
    make: `${toLocal('/usr/lib/cargo/bin/coreutils')}; ln -s /usr/bin/sudo-rs /usr/local/bin/sudo`,
    undo: localAgain,
    look: 'readlink "$(command -v stat)"',
    sees: '/usr/lib/cargo/bin/coreutils/stat',
  },
]

/** A connection that is still warm has the environment of before. */
const cold = 'ansible_ssh_extra_args="-o ControlPath=none"'

const ways = [
  ['root', 'ansible_user=root'],
  ['a user with a password for sudo', `ansible_user=operator ansible_become=true ansible_become_password=${password}`],
] as const

for (const { name, host, make, undo, look, sees } of kinds)
  test(`${name}: an everyday role converges and stays so, as root and with sudo`, async () => {
    if (make) await inHost(host, make)
    try {
      equal(await inHost(host, `su - operator -c '${look}'`), sees)
      for (const [way, variables] of ways) {
        await inHost(host, 'systemctl disable -q --now rota-everyday 2>&1; rm -rf /opt/rota-everyday /var/lib/rota')
        await inHost(host, `hostname ${host}; echo ${host} >/etc/hostname`)
        await inHost(host, 'rm -f /etc/systemd/system/rota-everyday.service; systemctl daemon-reload')
        const change = (text: string) =>
          text.replace(new RegExp(`^${host} ansible_host.*$`, 'm'), line => `${line} ${variables} ${cold}`)
        await withInventory(change, async inventory => {
          const run = async () => {
            const result = await runPlaybook('test/lab/playbooks/everyday.mjs', ['-l', host], { inventory })
            const total = totals(result).get(host)
            return { said: `${way}: ${JSON.stringify(total)} ${result.stdout.slice(-2000)} ${result.stderr}`, ...total }
          }
          const first = await run()
          equal([first.outcome, first.changed], ['changed', 11], first.said)
          const second = await run()
          equal([second.outcome, second.changed, second.roundTrips], ['ok', 0, 1], second.said)
          const made =
            'stat -c %U:%a "/opt/rota-everyday/a file"; cat /opt/rota-everyday/stepped /opt/rota-everyday/handled; hostname; cat /etc/hostname; cat /var/lib/rota/backup/*/1/%2Fetc%2Fhostname'
          const name = `${host}-everyday`
          equal(await inHost(host, made), `root:640\nc b\nlast = 1\nü\nran\n${name}\n${name}\n${host}`)
        })
      }
    } finally {
      await inHost(host, `hostname ${host}; echo ${host} >/etc/hostname`)
      if (undo) await inHost(host, undo)
    }
  })

test.run()
