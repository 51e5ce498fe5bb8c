import type { WebOptions } from 'rota'
import { type BatchGate, batchGate, type GateTimes, gateUrl, holds, isMiss, type Origin, type Verdict } from 'rota'

/** A query, and the bound that each of its values must keep. */
export interface PrometheusGateOptions extends GateTimes, Bound {
  readonly name?: string
  /** Of the server, with the path that stands before `/api/v1`: `https://prometheus.example.org`. */
  readonly url: string
  /** PromQL. Whatever it gives must keep the bound: each of its series. */
  readonly query: string
  /** Seconds: the bound must have been kept all of this time before now, too. Default: now alone. */
  readonly over?: number
  /** Sent as `Authorization: Bearer …`. It is a secret. */
  readonly token?: string
  /** Their values are secrets. */
  readonly headers?: Readonly<Record<string, string>>
  /** Seconds for one answer; default 10. */
  readonly limit?: number
  /** Proxies other than those of the environment. */
  readonly proxies?: WebOptions
  readonly origin?: Origin
}

interface Bound {
  readonly below?: number
  readonly atMost?: number
  readonly above?: number
  readonly atLeast?: number
}

/** After each batch a query of Prometheus keeps a bound. It is asked from the control machine. */
export function prometheusGate(options: PrometheusGateOptions): BatchGate {
  const { url, query, over, token, headers = {}, limit = 10, proxies, below, atMost, above, atLeast, ...rest } = options
  const { shown, secrets, wrong } = gateUrl(url, token)
  const bound = { below, atMost, above, atLeast } as Bound
  const expected = `${query.trim()} ${boundText(bound)}${over === undefined ? '' : ` for the last ${over} s`}`
  const queries = queriesOf(query, bound, over)
  const sent = { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
  return batchGate({
    name: query.trim(),
    maker: prometheusGate,
    ...rest,
    expected,
    secrets: [...secrets, ...Object.values(headers)],
    wrong: [...wrong, ...(queries.length > 0 ? [] : ['it needs a bound: below, at_most, above or at_least'])],
    look: async ({ web, signal }) => {
      const asked = await web(proxies)
      for (const one of queries) {
        const answer = await asked.answer(queryUrl(url, one), { headers: sent, timeout: limit, most: largest, signal })
        if (isMiss(answer)) return { ok: false, expected, saw: answer.why }
        if (answer.cut) return { ok: false, expected, saw: `${shown} says more than 4 MiB: sum it up in the query` }
        const verdict = verdictOf(answer, bound, expected)
        if (!verdict.ok) return verdict
      }
      return holds
    },
  })
}

const largest = 4 * 1024 * 1024

/** Over a time its highest value is judged, its lowest, or both: each by a query of its own. */
function queriesOf(
  query: string,
  { below, atMost, above, atLeast }: Bound,
  over: number | undefined,
): readonly string[] {
  const [isUpper, isLower] = [(below ?? atMost) !== undefined, (above ?? atLeast) !== undefined]
  if (over === undefined) return isUpper || isLower ? [query] : []
  // Without a step it would be that of the server's rules, a minute: a shorter time would have no values. The line feed
  // ends a comment at the query's end.
  const step = Math.ceil(over / 60)
  const during = (highest: 'max' | 'min') => `${highest}_over_time((${query}\n)[${over}s:${step}s])`
  return [...(isUpper ? [during('max')] : []), ...(isLower ? [during('min')] : [])]
}

function queryUrl(base: string, query: string): string {
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v1/query`
  url.search = new URLSearchParams({ query }).toString()
  url.hash = ''
  return url.href
}

/** Pure: what an answer of `/api/v1/query` comes to. */
export function verdictOf(
  { status, text }: { readonly status: number; readonly text: string },
  bound: Bound,
  expected: string,
): Verdict {
  const broken = (saw: string): Verdict => ({ ok: false, expected, saw })
  const answer = read(text)
  if (answer === undefined) return broken(`${status}, and no answer of Prometheus: ${text.trim().slice(0, 100)}`)
  if (answer.status !== 'success') return broken(`${status}: ${String(answer.error ?? 'no reason').slice(0, 300)}`)
  if (answer.warnings !== undefined && answer.warnings.length > 0)
    return broken(`an answer that may not be whole: ${answer.warnings.map(String).join('; ').slice(0, 300)}`)
  const series = seriesIn(answer.data)
  if (series === undefined) return broken('an answer that is neither a vector nor a scalar')
  if (series.length === 0) return broken('no data (where none is well, say so in the query: `… or vector(0)`)')
  const outside = series.filter(({ value }) => !keeps(bound, value))
  if (outside.length === 0) return holds
  const shown = outside.slice(0, most).map(({ labels, text: value }) => `${value}${labels}`)
  return broken([...shown, ...(outside.length > most ? [`and ${outside.length - most} more`] : [])].join('; '))
}

const most = 5

/** What is no number (`NaN`) keeps none: nothing is above or below it. */
const keeps = ({ below, atMost, above, atLeast }: Bound, value: number): boolean =>
  (below === undefined || value < below) &&
  (atMost === undefined || value <= atMost) &&
  (above === undefined || value > above) &&
  (atLeast === undefined || value >= atLeast)

const boundText = ({ below, atMost, above, atLeast }: Bound): string =>
  [
    ['below', below],
    ['at most', atMost],
    ['above', above],
    ['at least', atLeast],
  ]
    .flatMap(([word, value]) => (value === undefined ? [] : [`${word} ${value}`]))
    .join(' and ')

interface Answer {
  readonly status?: unknown
  readonly error?: unknown
  readonly warnings?: readonly unknown[]
  readonly data?: unknown
}

function read(text: string): Answer | undefined {
  try {
    const answer: unknown = JSON.parse(text)
    if (!isObject(answer) || !('status' in answer)) return undefined
    const { warnings } = answer
    return { ...answer, warnings: Array.isArray(warnings) ? warnings : [] }
  } catch {
    return undefined
  }
}

interface Series {
  readonly labels: string
  readonly text: string
  readonly value: number
}

function seriesIn(data: unknown): readonly Series[] | undefined {
  if (!isObject(data)) return undefined
  const { resultType, result } = data
  if (!Array.isArray(result)) return undefined
  const samples =
    resultType === 'scalar' ? [{ metric: {}, value: result }] : resultType === 'vector' ? result : undefined
  const series = samples?.map(seriesOf)
  return series?.every(one => one !== undefined) ? (series as readonly Series[]) : undefined
}

function seriesOf(sample: unknown): Series | undefined {
  if (!isObject(sample) || !Array.isArray(sample.value) || typeof sample.value[1] !== 'string') return undefined
  const text = sample.value[1]
  const labels = Object.entries(isObject(sample.metric) ? sample.metric : {}).map(([name, value]) => `${name}=${value}`)
  return {
    labels: labels.length === 0 ? '' : ` (${labels.join(', ').slice(0, 200)})`,
    text: text.slice(0, 40),
    value: numberOf(text),
  }
}

/** As Prometheus writes them: `+Inf`, `-Inf` and `NaN` too. */
function numberOf(text: string): number {
  const infinite = /^([+-]?)Inf$/.exec(text)
  if (infinite) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return text.trim() === '' ? Number.NaN : Number(text)
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
