import { type Facts, type Firewall, firewall as firewallFact } from '../facts/index.ts'
import { lines, raw } from '../shell/index.ts'
import { stateProblems } from './checks.ts'
import { planEdit } from './edit.ts'
import { planFirewalld } from './firewall-firewalld.ts'
import { editNft, planNft } from './firewall-nft.ts'
import {
  type FirewallArgs,
  type FirewallChange,
  type FirewallRule,
  networkProblems,
  portProblems,
  readRules,
  ruleText,
} from './firewall-rules.ts'
import { planUfw } from './firewall-ufw.ts'
import { editFact, editFacts } from './install.ts'
import { type Change, defineTask, type PlanContext } from './task.ts'

/**
 * Ports that a firewall lets in, now and after the next boot, by whichever the host runs: firewalld, ufw (if it is
 * active), or nftables by itself, there in each chain that drops what comes in. Where none runs nothing is done.
 *
 * Rules are only added and taken away: nothing is loaded anew, so no connection is lost. With nftables the rule comes
 * first in its chain and is written to the configuration that is loaded at boot, if nft takes that from nothing. Facts:
 * the firewall and its rules. A change: it does not let in (or does) what is asked. Refused: the port by which this run
 * came in would be closed; the firewall can't be asked; there is no configuration of nftables. Source: Ansible's
 * `firewalld`, `ufw`.
 */
export const firewall = defineTask<FirewallArgs>({
  name: 'firewall',
  title: args => `firewall ${readRules(args).map(ruleText).join(', ')}${args.state === 'absent' ? ' absent' : ''}`,
  check: args => [
    ...stateProblems(args.state),
    ...([args.ports].flat().length === 0 ? ['ports: is empty'] : []),
    ...[args.ports].flat().flatMap(portProblems),
    ...(args.from === undefined ? [] : [args.from].flat().flatMap(networkProblems)),
    ...(args.from !== undefined && [args.from].flat().length === 0 ? ['from: is empty'] : []),
    ...(args.zone === undefined || /^[A-Za-z0-9_-]+$/.test(args.zone)
      ? []
      : [`zone: ${JSON.stringify(args.zone)} is no name of a zone`]),
  ],
  facts: args => [factOf(args), ...configurations.flatMap(path => editFacts(path))],
  plan: (args, facts, context): Change | undefined => {
    const { runs, sshPort = 0 } = facts.get(factOf(args))
    const isOpen = args.state !== 'absent'
    const rules = readRules(args)
    const refuse = (refused: string): Change => ({ summary: 'cannot be changed', apply: raw(':'), refused })
    if (runs.type === 'none') return undefined
    if (runs.type === 'unavailable') return refuse(`the firewall can't be asked: ${runs.reason}`)
    const written = runs.type === 'nftables' ? planConfiguration(runs, rules, isOpen, facts, context) : undefined
    const { reasons, apply } = planRules(runs, rules, isOpen, args.zone)
    if (apply.length === 0 && written === undefined) return undefined
    const own = isOpen
      ? undefined
      : rules.find(rule => rule.protocol === 'tcp' && rule.first <= sshPort && sshPort <= rule.last)
    if (own !== undefined) return refuse(`${ruleText(own)} lets this run in: it came by port ${sshPort}`)
    return {
      ...written,
      summary: [
        ...(reasons.length > 0 ? [`${runs.type} ${isOpen ? 'does not let in' : 'lets in'} ${reasons.join(', ')}`] : []),
        ...(written === undefined ? [] : [`${written.path} ${written.summary}`]),
      ].join(', '),
      // First the file, which nft looks at: what is wrong there leaves all as it is.
      apply: lines([...(written === undefined ? [] : [written.apply]), ...apply]),
      ...(written === undefined ? {} : { keeps: 'part' }),
    }
  },
})

const factOf = ({ zone }: FirewallArgs) => firewallFact(zone === undefined ? {} : { zone })

function planRules(
  runs: Exclude<Firewall, { readonly type: 'none' | 'unavailable' }>,
  rules: readonly FirewallRule[],
  isOpen: boolean,
  zone: string | undefined,
): FirewallChange {
  if (runs.type === 'firewalld') return planFirewalld(runs, rules, isOpen, zone)
  return runs.type === 'ufw' ? planUfw(runs, rules, isOpen) : planNft(runs, rules, isOpen)
}

/** What the service of nftables loads: on RHEL and its kin, and elsewhere. */
const configurations = ['/etc/sysconfig/nftables.conf', '/etc/nftables.conf'] as const

const nowhere = `neither ${configurations.join(' nor ')} exists: what nftables lets in would be lost with a boot`

// As at a boot: what its own tables are not, it can't add to.
const validate = `# nft -c -f, from nothing
{ echo flush ruleset; cat %s; } | nft -c -f -`

function planConfiguration(
  runs: Extract<Firewall, { readonly type: 'nftables' }>,
  rules: readonly FirewallRule[],
  isOpen: boolean,
  facts: Facts,
  context: PlanContext,
): (Change & { readonly path: string }) | undefined {
  const path = configurations.find(each => facts.get(editFact(each)).type !== 'absent')
  if (path === undefined)
    return isOpen
      ? { path: configurations[1], summary: 'does not exist', apply: raw(':'), refused: nowhere }
      : undefined
  const edited = planEdit(
    { path, validate },
    facts,
    { ...context, changed: false },
    text => editNft(text, runs, rules, isOpen),
    !isOpen,
  )
  return edited === undefined ? undefined : { ...edited, path }
}
