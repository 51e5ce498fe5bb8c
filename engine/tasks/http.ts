import { type HttpArgs, type HttpRequest, httpCall, http as httpFact, httpPattern, within } from '../facts/index.ts'
import { blob, hasControlCharacters, lines, raw, sh } from '../shell/index.ts'
import { secondsProblems } from './checks.ts'
import { type Change, defineTask } from './task.ts'

export interface HttpTaskArgs extends HttpArgs {
  /** Default GET. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'
  /** Sent as it is, as `text/plain` unless `headers` say otherwise. An object or a list is sent as JSON. */
  readonly body?: string | Uint8Array | object
  /** How many times more it is called until it answers as it has to; default 0. */
  readonly retries?: number
  /** Seconds between two calls; default 5. */
  readonly delay?: number
  /**
   * Not called when this, asked by a GET, answers as it has to. It only looks: it also runs in check mode. The call has
   * to make it answer so.
   */
  readonly unless?: HttpArgs
  /** false: it changes nothing, does not count as a change and notifies nobody. So it is of GET, HEAD and OPTIONS. */
  readonly changed?: false
}

/**
 * A call of a web server, by the host. With `unless` it is made only where it has something to do, and the verify
 * proves that it has done it. Without, it is made every time, and counts as a change every time.
 *
 * The answer has to have the `status` (default 200–299) and to hold the text `contains`; until it does, or `retries`
 * are used up, it is called again, so what may not be done twice has none. User, password, headers and body are in no
 * argument list of the host. No proxy is used and no redirect followed. `timeout` is 30 seconds where it is not given.
 * Errors: another answer, of which the beginning is shown without its headers. Facts: `unless`. Needs curl; without it
 * openssl (https) or bash (http). Source: Ansible's `uri`. To wait for a server there is `waitFor`.
 */
export const http = defineTask<HttpTaskArgs>({
  name: 'http',
  unseen: ['user', 'password', 'headers', 'contains', 'body'],
  title: args => `${methodOf(args)} ${args.url}`,
  check: args => [
    ...callProblems('', args),
    ...(args.unless === undefined ? [] : callProblems('unless.', args.unless)),
    ...(args.body !== undefined && isLook(args) ? [`body: has no meaning for ${methodOf(args)}`] : []),
    ...(args.contains !== undefined && args.method === 'HEAD' ? ['contains: HEAD is answered without a text'] : []),
    ...(args.retries === undefined || (Number.isSafeInteger(args.retries) && args.retries >= 0)
      ? []
      : [`retries: ${args.retries} is not a number of calls`]),
    ...secondsProblems('delay', args.delay),
  ],
  facts: args => (args.unless === undefined ? [] : [httpFact(args.unless)]),
  plan: (args, facts): Change | undefined => {
    const { unless, changed, retries = 0, delay = 5 } = args
    const seen = unless === undefined ? undefined : facts.get(httpFact(unless))
    if (seen?.type === 'answered' && seen.expected) return undefined
    const request = requestOf(args)
    const content = contentOf(args)
    return {
      summary:
        seen === undefined
          ? 'called every time'
          : seen.type === 'answered'
            ? `${unless?.url} answers ${seen.status}`
            : `${unless?.url}: ${seen.reason}`,
      effect: changed === false || isLook(args) ? 'wait' : seen === undefined ? 'action' : 'change',
      apply: lines([
        raw(within),
        ...(content === undefined ? [] : [sh`body=${blob(content)}`]),
        sh`left=${retries}
while :; do
  a=$(${raw(httpCall(request))})
  case $a in ${raw(httpPattern(request))}) exit 0 ;; esac
  [ "$left" -gt 0 ] || break
  left=$((left - 1))
  sleep ${delay}
done
case $a in HTTP/*) a=$(printf '%s\n' "$a" | tr -d '\r' | sed '2,/^$/d') ;; esac
printf '%s\n' ${`${methodOf(args)} ${args.url} has not answered ${expectation(args)}:`} "$a" | head -c 4096 >&2
exit 1`,
      ]),
    }
  },
})

const methodOf = ({ method = 'GET' }: HttpTaskArgs): string => method
/** It only looks, as far as HTTP says. */
const isLook = (args: HttpTaskArgs): boolean => ['GET', 'HEAD', 'OPTIONS'].includes(methodOf(args))

const expectation = ({ status, contains }: HttpArgs): string =>
  `${status === undefined ? '200–299' : [status].flat().join(' or ')}${contains === undefined ? '' : ' with the text that is wanted'}`

/** The bytes that are sent: none where nothing is, which a POST says too. */
function contentOf(args: HttpTaskArgs): Uint8Array | undefined {
  const { body = '' } = args
  if (isLook(args) || (args.method === 'DELETE' && args.body === undefined)) return undefined
  if (body instanceof Uint8Array) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function requestOf(args: HttpTaskArgs): HttpRequest {
  const content = contentOf(args)
  const { body, headers = {}, retries: _, delay: __, unless: ___, changed: ____, ...call } = args
  const isTyped = Object.keys(headers).some(name => name.toLowerCase() === 'content-type')
  return {
    timeout: 30,
    ...call,
    headers: { ...headers, ...(body === undefined || isTyped ? {} : { 'Content-Type': typeOf(body) }) },
    ...(content === undefined ? {} : { body: { file: '"$body"', bytes: content.byteLength } }),
  }
}

function typeOf(body: string | object): string {
  if (typeof body === 'string') return 'text/plain; charset=utf-8'
  return body instanceof Uint8Array ? 'application/octet-stream' : 'application/json'
}

function callProblems(at: string, { url, headers = {}, timeout }: HttpArgs): readonly string[] {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  return [
    ...(parsed === undefined || !/^https?:$/.test(parsed.protocol)
      ? [`${at}url: ${JSON.stringify(url)} is not an http(s) URL`]
      : []),
    ...(parsed?.username || parsed?.password
      ? [`${at}url: holds a user or a password: give them as user and password`]
      : []),
    ...Object.entries(headers).flatMap(([name, value]) => [
      ...(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name)
        ? []
        : [`${at}headers: ${JSON.stringify(name)} is no name of a header`]),
      ...(/^(host|content-length|transfer-encoding|connection)$/i.test(name)
        ? [`${at}headers: ${name} is set by the call itself`]
        : []),
      ...(hasControlCharacters(value) ? [`${at}headers: the value of ${name} holds a control character`] : []),
    ]),
    ...secondsProblems(`${at}timeout`, timeout),
  ]
}
