import type { Origin } from '../failure/index.ts'
import { hasControlCharacters } from '../shell/index.ts'
import { isMiss, type WebAnswer, type WebOptions } from '../web/index.ts'
import { type BatchGate, batchGate, type GateTimes } from './batch-gate.ts'
import { gateUrl } from './gate-url.ts'
import { holds } from './verdict.ts'

/** A URL, and what it must answer. */
export interface HttpGateOptions extends GateTimes {
  readonly name?: string
  /** `http://…` or `https://…`. Its certificate is checked; no redirect is followed. */
  readonly url: string
  /** What it shall answer; default any of 200–299. */
  readonly status?: number | readonly number[]
  /** Text that must be in the answer (its first MiB). */
  readonly contains?: string
  /** Sent as `Authorization: Bearer …`. It is a secret. */
  readonly token?: string
  /** Their values are secrets. */
  readonly headers?: Readonly<Record<string, string>>
  /** Seconds for one answer, all of it; default 10. */
  readonly limit?: number
  /** Proxies other than those of the environment. */
  readonly proxies?: WebOptions
  /** Where it is said; default: the playbook. */
  readonly origin?: Origin
}

/** After each batch a web server answers as it shall. It is asked from the control machine, by way of its proxies. */
export function httpGate({ url, status, contains, limit = 10, proxies, ...options }: HttpGateOptions): BatchGate {
  const { token, headers = {}, ...rest } = options
  const { shown, secrets, wrong } = gateUrl(url, token)
  const wanted = [status ?? []].flat()
  const statuses = wanted.length === 0 ? '200–299' : wanted.join(' or ')
  const holding = contains === undefined ? '' : `, with ${JSON.stringify(contains)} in it`
  const expected = `${shown} answers ${statuses}${holding}`
  const isExpected = (answer: WebAnswer) =>
    wanted.length === 0 ? answer.status >= 200 && answer.status < 300 : wanted.includes(answer.status)
  const sent = { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
  return batchGate({
    name: shown,
    maker: httpGate,
    ...rest,
    expected,
    secrets: [...secrets, ...Object.values(headers)],
    wrong: [...wrong, ...brokenHeaders(sent)],
    look: async ({ web, signal }) => {
      const answer = await (await web(proxies)).answer(url, { headers: sent, timeout: limit, signal })
      if (isMiss(answer)) return { ok: false, expected, saw: answer.why }
      if (!isExpected(answer)) return { ok: false, expected, saw: statusText(answer) }
      if (contains === undefined || answer.text.includes(contains)) return holds
      return { ok: false, expected, saw: `${answer.status}, and not in ${answer.cut ? 'its first MiB' : 'it'}` }
    },
  })
}

function brokenHeaders(sent: Readonly<Record<string, string>>): readonly string[] {
  const broken = Object.entries(sent).filter(([name, value]) => hasControlCharacters(name + value))
  return broken.map(([name]) => `the header ${JSON.stringify(name)} holds a control character`)
}

/** With the beginning of what it says: most of those that are not well say why. */
function statusText({ status, leadsTo, text }: WebAnswer): string {
  if (leadsTo !== undefined) return `${status}, which leads to ${leadsTo}`
  const said = text.trim().split('\n')[0] ?? ''
  return said === '' ? `${status}` : `${status}: ${said.slice(0, 200)}`
}
