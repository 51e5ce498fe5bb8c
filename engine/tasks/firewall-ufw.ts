import type { Firewall } from '../facts/index.ts'
import { sh } from '../shell/index.ts'
import { type FirewallChange, type FirewallRule, portsOf, ruleText } from './firewall-rules.ts'

export function planUfw(
  fact: Extract<Firewall, { readonly type: 'ufw' }>,
  rules: readonly FirewallRule[],
  isOpen: boolean,
): FirewallChange {
  const there = new Set(fact.rules.map(rule => rule.replace(/ comment '.*'$/, '')))
  const wrong = rules.filter(rule => there.has(shown(rule)) !== isOpen)
  return {
    reasons: wrong.map(ruleText),
    apply: wrong.map(rule => sh`ufw ${[...(isOpen ? [] : ['delete']), ...wordsOf(rule)]} >/dev/null`),
  }
}

const wordsOf = ({ from = 'any', protocol, ...ports }: FirewallRule): readonly string[] => [
  'allow',
  'proto',
  protocol,
  'from',
  from,
  'to',
  'any',
  'port',
  portsOf({ ...ports, protocol }, ':'),
]

/** The same, as `ufw show added` has it. */
const shown = (rule: FirewallRule): string =>
  rule.from === undefined
    ? `allow ${portsOf(rule, ':')}/${rule.protocol}`
    : `allow from ${rule.from} to any port ${portsOf(rule, ':')} proto ${rule.protocol}`
