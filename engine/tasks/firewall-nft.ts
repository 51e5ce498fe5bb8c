import type { Firewall, NftChain } from '../facts/index.ts'
import { sh } from '../shell/index.ts'
import { type Edited, editBlock } from './edit-block.ts'
import { type FirewallChange, type FirewallRule, isIPv6, portsOf, ruleText } from './firewall-rules.ts'

type Nftables = Extract<Firewall, { readonly type: 'nftables' }>

/**
 * A rule of ours is known by its comment. It comes before all others of its chain, for the last may drop the rest;
 * nothing is loaded anew.
 */
export function planNft({ chains }: Nftables, rules: readonly FirewallRule[], isOpen: boolean): FirewallChange {
  const wrong = rules.flatMap(rule =>
    chainsFor(chains, rule).flatMap(chain => {
      const there = chain.rules.filter(({ comment }) => comment === commentOf(rule))
      const place = [chain.family, chain.table, chain.name]
      if (isOpen) return there.length > 0 ? [] : [{ rule, apply: sh`nft ${insertion(chain, rule)}` }]
      return there.map(({ handle }) => ({ rule, apply: sh`nft delete rule ${place} handle ${handle}` }))
    }),
  )
  return { reasons: [...new Set(wrong.map(({ rule }) => ruleText(rule)))], apply: wrong.map(({ apply }) => apply) }
}

/** The configuration that is loaded at boot, with these rules in a block of ours, or without them. */
export function editNft(text: string, { chains }: Nftables, rules: readonly FirewallRule[], isOpen: boolean): Edited {
  const lines = text.split('\n')
  const [from, to] = [lines.indexOf(begin), lines.indexOf(end)]
  const ours = from >= 0 && to > from ? lines.slice(from + 1, to) : []
  const wanted = rules.flatMap(rule => chainsFor(chains, rule).map(chain => insertion(chain, rule)))
  // Whatever chain it was in, what is closed is closed.
  const others = isOpen
    ? ours.filter(line => !wanted.includes(line))
    : ours.filter(line => !rules.some(rule => line.endsWith(` comment "${commentOf(rule)}"`)))
  const block = isOpen && wanted.every(line => ours.includes(line)) ? ours : [...others, ...(isOpen ? wanted : [])]
  return editBlock(text, { begin, end, block: block.join('\n') })
}

const begin = '# BEGIN ROTA MANAGED PORTS'
const end = '# END ROTA MANAGED PORTS'

const commentOf = (rule: FirewallRule): string => `rota ${ruleText(rule)}`

const chainsFor = (chains: readonly NftChain[], { from }: FirewallRule): readonly NftChain[] =>
  chains.filter(({ family }) => from === undefined || family === 'inet' || family === (isIPv6(from) ? 'ip6' : 'ip'))

function insertion({ family, table, name }: NftChain, rule: FirewallRule): string {
  const source = rule.from === undefined ? '' : `${isIPv6(rule.from) ? 'ip6' : 'ip'} saddr ${rule.from} `
  return `insert rule ${family} ${table} ${name} ${source}${rule.protocol} dport ${portsOf(rule)} accept comment "${commentOf(rule)}"`
}
