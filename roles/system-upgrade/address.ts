import { command, type Facts, type HostView, raw, type Step, type Task } from 'rota'
import { moveVirtualAddress } from '../keepalived/move.ts'
import { arm, callOff, canArm, type SafetyNet } from '../lib/cluster/index.ts'

export interface AwayOptions {
  readonly virtualAddress: string
  readonly others: readonly HostView[]
  readonly moveLimit: number
  /** Why the host is about to be worked on, or nothing. */
  readonly why: (seen: Facts) => string | undefined
  readonly facts: Step['facts']
  /** Seconds after which keepalived takes part again by itself, should the control machine be gone. */
  readonly limit: number
}

/**
 * The virtual address goes to another host before packages or a reboot may restart what is behind it, or the network
 * under it. keepalived stays away until the work is over: a package that is upgraded starts its daemon, and would bring
 * the address back into the midst of it. A mask in /run is gone with a boot.
 */
export function addressIsAway(options: AwayOptions): Step {
  const { virtualAddress, others, moveLimit, limit } = options
  const move = moveVirtualAddress({ virtualAddress, others, limit: moveLimit })
  return {
    ...move,
    notify: [takesPart],
    facts: { ...move.facts, ...options.facts },
    needed: seen => options.why(seen) !== undefined && move.needed(seen),
    run: async context => {
      const { $ } = context
      const result = await move.run(context)
      if ((await $`${canArm}`.nothrow()).exitCode === 0) await $`${arm(comesBack(limit))}`
      await $`systemctl -q mask --runtime keepalived`
      return result
    },
  }
}

/** Name of the handler that ends it. */
export const takesPart = 'keepalived takes part again'

export const keepalivedTakesPart = (): Task => command({ title: takesPart, run: `${unmask}\n${callOff(netName).text}` })

const netName = 'vip-away'
const unmask = 'systemctl -q unmask --runtime keepalived\nsystemctl start keepalived'

/** Not while apt, dpkg or dnf is at work: it goes on by itself when nobody is there any more. */
const comesBack = (seconds: number): SafetyNet => ({
  name: netName,
  seconds,
  when: raw('for name in apt-get dpkg dnf yum rpm; do ! pidof -q "$name" 2>/dev/null || exit 1; done'),
  undo: raw(unmask),
})
