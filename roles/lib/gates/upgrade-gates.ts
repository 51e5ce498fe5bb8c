import { closest } from 'fastest-levenshtein'
import {
  type BatchGate,
  type BatchGates,
  batchGate,
  batchGates,
  type ClusterOf,
  gate,
  holds,
  type Origin,
  seconds,
} from 'rota'
import { cluster } from '../cluster/index.ts'
import { kubectlGate } from './kubectl.ts'
import { prometheusGate } from './prometheus.ts'

type Values = ClusterOf<typeof cluster>
type UpgradeGate = Values['upgradeGates'][number]

/** The gates that the inventory has (`upgrade_gates`), of the hosts of a batch. */
export const upgradeGates = (): BatchGates => {
  // Hosts of a group have the same list: a thousand nodes are one.
  const known = new WeakMap<object, readonly BatchGate[]>()
  return batchGates({
    cluster,
    of: ({ cluster: values }) => {
      const made = known.get(values.upgradeGates) ?? gatesFrom(values)
      known.set(values.upgradeGates, made)
      return made
    },
  })
}

const gatesFrom = (values: Values): readonly BatchGate[] =>
  values.upgradeGates.map((item, index) => {
    const origin = values.placeOf('upgradeGates', [index]) ?? { file: 'upgrade_gates', line: 1, column: 1 }
    const made = gateFrom(item, values.upgradeGateTokens, origin)
    // Items that are refused leave holes.
    const isTwice = values.upgradeGates.findIndex(one => one?.name === item.name) < index
    return isTwice ? { ...made, wrong: [...made.wrong, 'there are two of this name'] } : made
  })

/** How a gate is asked. One that has no way of asking, or several, is wrong, and never asked. */
function gateFrom(item: UpgradeGate, tokens: Values['upgradeGateTokens'], origin: Origin): BatchGate {
  const { name, http, command, kubectl, prometheus, ...times } = item
  const common = { name, origin, ...timesOf(times) }
  const made = [
    http && gate.http({ ...common, ...withLimit(withToken(http, tokens)) }),
    command && gate.command({ ...common, ...withLimit(command) }),
    kubectl && kubectlGate({ ...common, ...objectsOf(kubectl) }),
    prometheus && prometheusGate({ ...common, ...withLimit(withToken(boundOf(prometheus), tokens)) }),
  ].flatMap(one => one ?? [])
  const [first] = made
  const said = Object.entries({ http, command, kubectl, prometheus }).flatMap(([way, asked]) => (asked ? [way] : []))
  const wrong = [
    ...(made.length === 1
      ? []
      : [`it has ${said.join(' and ') || 'nothing to ask'}: one of http, command, kubectl and prometheus is needed`]),
    ...[http, prometheus].flatMap(asked => unknownToken(asked?.token, tokens)),
    ...made.flatMap(one => one.wrong),
  ]
  return { ...(first ?? batchGate({ ...common, expected: name, look: async () => holds })), wrong }
}

const timesOf = ({ timeout, interval, hold_for }: Pick<UpgradeGate, 'timeout' | 'interval' | 'hold_for'>) => ({
  ...(timeout === undefined ? {} : { timeout: seconds(timeout) }),
  ...(interval === undefined ? {} : { interval: seconds(interval) }),
  ...(hold_for === undefined ? {} : { holdFor: seconds(hold_for) }),
})

/** In seconds. */
function withLimit<A extends { readonly limit?: string | number }>({ limit, ...rest }: A) {
  return { ...rest, ...(limit === undefined ? {} : { limit: seconds(limit) }) }
}

function objectsOf({ all_namespaces, at_least, at_most, ...same }: NonNullable<UpgradeGate['kubectl']>) {
  return {
    ...same,
    ...(all_namespaces === undefined ? {} : { allNamespaces: all_namespaces }),
    ...(at_least === undefined ? {} : { atLeast: at_least }),
    ...(at_most === undefined ? {} : { atMost: at_most }),
  }
}

function boundOf({ at_least, at_most, over, ...same }: NonNullable<UpgradeGate['prometheus']>) {
  return {
    ...same,
    ...(at_least === undefined ? {} : { atLeast: at_least }),
    ...(at_most === undefined ? {} : { atMost: at_most }),
    ...(over === undefined ? {} : { over: seconds(over) }),
  }
}

/** The inventory names a token; the gate has it. */
function withToken<A extends { readonly token?: string }>(asked: A, tokens: Values['upgradeGateTokens']): A {
  const { token, ...rest } = asked
  const found = token === undefined ? undefined : tokens[token]
  return (typeof found === 'string' ? { ...rest, token: found } : rest) as A
}

function unknownToken(token: string | undefined, tokens: Values['upgradeGateTokens']): readonly string[] {
  const names = Object.keys(tokens)
  if (token === undefined || names.includes(token)) return []
  const hint = names.length === 0 ? 'there are none' : `did you mean ${closest(token, names)}?`
  return [`upgrade_gate_tokens has no ${JSON.stringify(token)} (${hint})`]
}
