import type { Firewall, FirewalldZone } from '../facts/index.ts'
import { sh } from '../shell/index.ts'
import { type FirewallChange, type FirewallRule, isIPv6, portsOf, ruleText } from './firewall-rules.ts'

/** Now, and after a reload or a boot: nothing is reloaded. */
export function planFirewalld(
  fact: Extract<Firewall, { readonly type: 'firewalld' }>,
  rules: readonly FirewallRule[],
  isOpen: boolean,
  zone: string | undefined,
): FirewallChange {
  const where = zone === undefined ? [] : [`--zone=${zone}`]
  const wrong = rules.flatMap(rule =>
    (['running', 'permanent'] as const)
      .filter(when => isIn(fact[when], rule) !== isOpen)
      .map(when => ({ rule, words: [...(when === 'permanent' ? ['--permanent'] : []), ...where] })),
  )
  return {
    reasons: [...new Set(wrong.map(({ rule }) => ruleText(rule)))],
    apply: wrong.map(
      ({ rule, words }) => sh`firewall-cmd -q ${[...words, optionFor(rule, isOpen ? 'add' : 'remove')]}`,
    ),
  }
}

const richRule = ({ from = '', protocol, ...ports }: FirewallRule): string =>
  `rule family="${isIPv6(from) ? 'ipv6' : 'ipv4'}" source address="${from}" port port="${portsOf({ ...ports, protocol })}" protocol="${protocol}" accept`

const optionFor = (rule: FirewallRule, verb: 'add' | 'remove'): string =>
  rule.from === undefined ? `--${verb}-port=${portsOf(rule)}/${rule.protocol}` : `--${verb}-rich-rule=${richRule(rule)}`

/** Ranges that adjoin are one to firewalld. */
function isIn({ ports, richRules }: FirewalldZone, rule: FirewallRule): boolean {
  if (rule.from !== undefined) return richRules.includes(richRule(rule))
  return ports.some(text => {
    const [, first = '', last = first, protocol] = /^(\d{1,5})(?:-(\d{1,5}))?\/(\w+)$/.exec(text) ?? []
    return protocol === rule.protocol && Number(first) <= rule.first && rule.last <= Number(last)
  })
}
