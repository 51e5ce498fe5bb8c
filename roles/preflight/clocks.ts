import { type Check, type Finding, facts, sharedCheck } from 'rota'
import { list } from './list.ts'

/** Milliseconds: what is told, and what is refused. */
const [told, refused] = [2000, 600_000]

/** Where the clock of a host is, beside one that is the same for all: no sooner and no later than these. */
type Clock = { readonly least: number; readonly most: number }

/**
 * The clocks of all hosts are together: certificates and tokens that one makes are not valid yet on another that is
 * behind, and leases run out before their time.
 */
export const clocksAreTogether = (): Check =>
  sharedCheck({
    name: 'clocks',
    facts: { clock: facts.clock({}) },
    read: ({ clock }) => clock,
    verdict: judgeClocks,
  })

/** Only what is certain counts: how long a host took to answer makes nobody's clock wrong. */
export function judgeClocks(seen: ReadonlyMap<string, Clock | undefined>): Finding {
  const expected = 'clocks less than ten minutes apart: set them (chronyc makestep, or what else keeps the time there)'
  const clocks = [...seen].flatMap(([host, clock]) => (clock === undefined ? [] : [{ host, ...clock }]))
  const middle = [...clocks].sort((a, b) => a.least + a.most - b.least - b.most)[Math.floor((clocks.length - 1) / 2)]
  if (middle === undefined) return { ok: true, expected, saw: 'no clock' }
  const apart = clocks.flatMap(({ host, least, most }) => {
    const [ahead, behind] = [least - middle.most, middle.least - most]
    const by = Math.max(ahead, behind)
    return by > told
      ? [{ by, text: `${host} is ${lasting(by)} ${ahead > behind ? 'ahead of' : 'behind'} ${middle.host}` }]
      : []
  })
  const textsOf = (items: typeof apart) => list(items.map(({ text }) => text))
  const wrong = apart.filter(({ by }) => by >= refused)
  const rest = apart.filter(({ by }) => by < refused)
  const warnings = rest.length === 0 ? {} : { warnings: [`${textsOf(rest)}: let chrony or ntpd keep the time there`] }
  if (wrong.length > 0) return { ok: false, expected, saw: textsOf(wrong), ...warnings }
  return { ok: true, expected, saw: rest.length === 0 ? 'together' : 'less than ten minutes apart', ...warnings }
}

/** At least so long. */
const lasting = (milliseconds: number): string => {
  const seconds = Math.floor(milliseconds / 1000)
  return seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`
}
