import { setTimeout as sleep } from 'node:timers/promises'
import { facts, type HostView, type Shell, type Step, type StepContext, sh, step } from 'rota'
import { arm, callOff, canArm, type SafetyNet } from '../lib/cluster/index.ts'

export interface MoveOptions {
  readonly virtualAddress: string
  /** Hosts that may take the address. */
  readonly others: readonly HostView[]
  /** Seconds for requests under way; default 1.5. */
  readonly grace?: number
  /** Seconds after which the host takes part again by itself should the control machine be gone. */
  readonly limit: number
}

/**
 * Hands the virtual address to another host with no failed connection. A client's first packet that reaches nobody is
 * sent again after a second; one that reaches a host that has just lost the address is answered with an error. So first
 * the holder goes silent for new connections. A connection that is kept can't move, and its next request would be
 * refused by the new holder: it is closed while it is idle, which clients notice before they ask again. Then keepalived
 * stops and says so to the others, and the packets sent again find the new holder.
 */
export const moveVirtualAddress = (options: MoveOptions): Step =>
  step({
    title: `hand over ${options.virtualAddress}`,
    facts: { addresses: facts.addresses({}), keepalived: facts.unit({ name: 'keepalived.service' }) },
    needed: facts =>
      facts.keepalived.type === 'unit' &&
      facts.keepalived.activeState === 'active' &&
      facts.addresses.some(entry => entry.address === options.virtualAddress) &&
      'this host holds it',
    run: async context => {
      const { $, host } = context
      if (options.others.length === 0)
        throw new Error(`no other host can take ${options.virtualAddress} from ${host.name}`)
      await someoneIsReady(context, options)
      const isGuarded = await armNet(context, options)
      try {
        if (isGuarded && (await goSilent(context, options.virtualAddress))) await closeKept(context, options)
        await $`systemctl stop keepalived`
        const holder = await newHolder(context, options)
        return { summary: `now on ${holder}` }
      } catch (error) {
        // Better here than nowhere: the one that could not take it may be mended while this one holds it.
        await $`systemctl start keepalived`.nothrow()
        throw error
      } finally {
        await $`${listenAgain(options.virtualAddress)}
${callOff(netName(options.virtualAddress))}`
      }
    },
  })

async function armNet({ $, say, host }: StepContext, options: MoveOptions): Promise<boolean> {
  if ((await $`${canArm}`.nothrow()).exitCode === 0) {
    await $`${arm(takesPartAgain(options))}`
    return true
  }
  say(
    `${host.name}: there is no systemd that would undo it should this machine die, so the host does not go silent first: connections that begin while ${options.virtualAddress} moves may fail`,
  )
  return false
}

/**
 * Should nobody come back, this host takes connections again and has a say in who gets the address: it may have found
 * no taker.
 */
export const takesPartAgain = ({
  virtualAddress,
  limit,
}: Pick<MoveOptions, 'virtualAddress' | 'limit'>): SafetyNet => ({
  name: netName(virtualAddress),
  seconds: limit,
  undo: sh`${listenAgain(virtualAddress)}
systemctl start keepalived`,
})

const netName = (address: string): string => `vip-silent-${address}`

async function goSilent({ $, say, host }: StepContext, address: string): Promise<boolean> {
  const program = firewallOf(address)
  if ((await $`command -v ${program}`.nothrow()).exitCode !== 0) {
    say(`${host.name}: ${program} is not installed, connections that begin while ${address} moves may fail`)
    return false
  }
  // In front of routing: the packets are also dropped when the address is no longer this host's and it would pass them
  // on.
  await $`${program} -w 10 -t mangle -I ${rule(address)}`
  return true
}

const firewallOf = (address: string): string => (address.includes(':') ? 'ip6tables' : 'iptables')

const rule = (address: string): readonly string[] => ['PREROUTING', '-d', address, '-p', 'tcp', '--syn', '-j', 'DROP']

/**
 * Nothing is done where it was not silent, or has no such program. Fails where it stays silent, because somebody else
 * has iptables' lock.
 */
const listenAgain = (address: string): Shell =>
  sh`while ${firewallOf(address)} -w 10 -t mangle -D ${rule(address)} 2>/dev/null; do :; done
! ${firewallOf(address)} -w 10 -t mangle -C ${rule(address)} 2>/dev/null || exit 1`

/**
 * Closes every connection to the address as soon as it is idle: nothing waits to be read or acknowledged, and what came
 * last was an answer, {@link quiet} milliseconds ago. Lost is a request sent in the few milliseconds between the look
 * and the close, and a slow one beside others that were answered on the same connection (HTTP/2). Those that had no
 * idle moment within the grace are closed by the new holder.
 */
async function closeKept({ $, say, host }: StepContext, { virtualAddress, grace = 1.5 }: MoveOptions): Promise<void> {
  const address = virtualAddress.includes(':') ? `[${virtualAddress}]` : virtualAddress
  const { stdout, stderr } = await $`${sh`for look in $(seq ${Math.ceil((grace * 1000) / pause)}); do
  set --
  while read -r unread unacknowledged here there info; do
    case $unread$unacknowledged/$info in 00/*' lastsnd:'*' lastrcv:'*) ;; *) continue ;; esac
    sent=\${info##* lastsnd:} received=\${info##* lastrcv:}
    sent=\${sent%% *} received=\${received%% *}
    [ "$sent" -ge ${quiet} ] && [ "$sent" -le "$received" ] && set -- "$@" \${1:+or} dst "$there"
  done <<END
$(ss -HOtni state established src ${address})
END
  [ $# = 0 ] || ss -K -Htn src ${address} and '(' "$@" ')' 2>&1 >/dev/null || :
  sleep ${pause / 1000}
done`}`
  const [refused] = `${stdout}${stderr}`.split('\n')
  if (refused)
    say(`${host.name}: idle connections to ${virtualAddress} can't be closed, their next request fails: ${refused}`)
}

/** Milliseconds without a byte after which a connection counts as idle. */
const quiet = 20
/** Milliseconds between two looks. */
const pause = 50

/**
 * Whose keepalived is stopped as well, or not installed yet, takes nothing over. Another program may have the address
 * there already.
 */
async function someoneIsReady({ on }: StepContext, { virtualAddress, others }: MoveOptions): Promise<void> {
  for (const other of others) {
    const isThere = sh`systemctl is-active --quiet keepalived || ip -o addr show to ${virtualAddress} | grep -q .`
    const seen = await on(other.name)`${isThere}`.nothrow().catch(() => undefined)
    if (seen?.exitCode === 0) return
  }
  throw new Error(
    `nobody is ready to take ${virtualAddress}: keepalived runs on none of ${others.map(other => other.name).join(', ')}`,
  )
}

async function newHolder({ on }: StepContext, { virtualAddress, others }: MoveOptions): Promise<string> {
  for (let left = 20; left > 0; left -= 1) {
    for (const other of others) {
      const seen = await on(other.name)`ip -o addr show to ${virtualAddress}`.nothrow().catch(() => undefined)
      if (seen?.stdout.includes(virtualAddress)) return other.name
    }
    await sleep(500)
  }
  throw new Error(
    `nobody has taken ${virtualAddress}: look at keepalived on ${others.map(other => other.name).join(', ')}`,
  )
}
