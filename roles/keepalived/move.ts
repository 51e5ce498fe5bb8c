import { setTimeout as sleep } from 'node:timers/promises'
import { addresses, type HostView, type Step, type StepContext, sh, step, unit } from 'rota'

export interface MoveOptions {
  readonly virtualAddress: string
  /** Hosts that may take the address. */
  readonly others: readonly HostView[]
  /** Seconds for connections under way; default 1.5. */
  readonly grace?: number
}

/**
 * Hands the virtual address to another host with no failed connection. A client's first packet that reaches nobody is sent again after a
 * second; one that reaches a host that has just lost the address is answered with an error. So first the holder goes silent for new
 * connections, those under way end, then keepalived stops and says so to the others, and the packets sent again find the new holder.
 */
export const moveVirtualAddress = (options: MoveOptions): Step =>
  step({
    title: `hand over ${options.virtualAddress}`,
    facts: { addresses: addresses({}), keepalived: unit({ name: 'keepalived.service' }) },
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
      const isSilent = await goSilent(context, options.virtualAddress)
      try {
        if (isSilent) await sleep((options.grace ?? 1.5) * 1000)
        await $`systemctl stop keepalived`
        const holder = await newHolder(context, options)
        return { summary: `now on ${holder}` }
      } catch (error) {
        // Better here than nowhere: the one that could not take it may be mended while this one holds it.
        await $`systemctl start keepalived`.nothrow()
        throw error
      } finally {
        if (isSilent) await $`${listenAgain(options.virtualAddress)}`
      }
    },
  })

async function goSilent({ $, say, host }: StepContext, address: string): Promise<boolean> {
  if ((await $`command -v iptables`.nothrow()).exitCode !== 0) {
    say(`${host.name}: iptables is not installed, connections that begin while ${address} moves may fail`)
    return false
  }
  // In front of routing: the packets are also dropped when the address is no longer this host's and it would pass them on.
  const program = address.includes(':') ? 'ip6tables' : 'iptables'
  await $`systemd-run --quiet --collect --unit=rota-vip-silent --on-active=60 ${program} -w 10 -t mangle -D ${rule(address)}`
  await $`${program} -w 10 -t mangle -I ${rule(address)}`
  return true
}

const rule = (address: string): readonly string[] => ['PREROUTING', '-d', address, '-p', 'tcp', '--syn', '-j', 'DROP']

function listenAgain(address: string) {
  const program = address.includes(':') ? 'ip6tables' : 'iptables'
  return sh`systemctl stop rota-vip-silent.timer 2>/dev/null || :
while ${program} -w 10 -t mangle -D ${rule(address)} 2>/dev/null; do :; done`
}

/** Whose keepalived is stopped as well, or not installed yet, takes nothing over. Another program may have the address there already. */
async function someoneIsReady({ on }: StepContext, { virtualAddress, others }: MoveOptions): Promise<void> {
  for (const other of others) {
    const look = sh`systemctl is-active --quiet keepalived || ip -o addr show to ${virtualAddress} | grep -q .`
    const seen = await on(other.name)`${look}`.nothrow().catch(() => undefined)
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
