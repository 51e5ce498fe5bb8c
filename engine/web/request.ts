import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import { isWebUrl, shownUrl } from './address.ts'

/** Seconds without a word from the server after which it counts as gone. */
export const patience = 30

export interface Asked {
  readonly method: 'GET' | 'HEAD'
  readonly headers?: Readonly<Record<string, string>>
  /** A redirect that leads out of https is not followed: nothing else vouches for what comes. */
  readonly onlyHttps?: boolean
  readonly patience?: number
  readonly signal?: AbortSignal | undefined
}

/** What whoever asks may say of it. */
export interface Asking extends Pick<Asked, 'onlyHttps' | 'patience' | 'signal'> {
  /** Seconds before a second try, twice as many before the next one; default 1. */
  readonly pause?: number
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** To be read, or to be destroyed. */
  readonly body: Readable
}

/** Why nothing has come of a request, and whether the same one may be worth another try. */
export interface Miss {
  readonly why: string
  readonly again: boolean
}

/** Nothing has come of it. */
export const isMiss = (value: object): value is Miss => 'why' in value

const redirects = new Set([301, 302, 303, 307, 308])
const busy = new Set([408, 425, 429])

/**
 * Asks a server, follows redirects (to other servers, too, which are not told who asks), and gives what it answers if
 * that is 200, 206 or one of `accepted`. An abort is thrown.
 */
export async function request(
  agent: Dispatcher,
  url: string,
  asked: Asked,
  accepted: readonly number[] = [],
): Promise<Answer | Miss> {
  const { method, signal, onlyHttps = false } = asked
  const limit = (asked.patience ?? patience) * 1000
  let at = new URL(url)
  const { origin } = at
  for (let hop = 0; hop <= 10; hop++) {
    const headers = { ...asked.headers, ...(at.origin === origin && basic(new URL(url))) }
    const answer = await heard(at, signal, () => sendOnce(agent, withoutUser(at), { method, headers, limit, signal }))
    if (isMiss(answer)) return answer
    const { statusCode: status, headers: said, body } = answer
    if (status === 200 || status === 206 || accepted.includes(status)) return { status, headers: said, body }
    discard(body)
    const { location } = said
    if (!redirects.has(status) || typeof location !== 'string')
      return { why: `${shownUrl(at)} answered ${status}`, again: status >= 500 || busy.has(status) }
    const next = URL.canParse(location, at.href) ? new URL(location, at) : undefined
    if (next === undefined || !isWebUrl(next.href))
      return { why: `${shownUrl(at)} leads to what is no http(s) URL`, again: false }
    if (onlyHttps && next.protocol !== 'https:')
      return { why: `${shownUrl(at)} leads out of https, to ${shownUrl(next)}`, again: false }
    at = next
  }
  return { why: `${shownUrl(url)} leads in circles: 10 redirects were followed`, again: false }
}

/** One request and what comes of it. `limit`: milliseconds without a word. What fails of the connection is thrown. */
export async function sendOnce(
  agent: Dispatcher,
  url: URL,
  {
    method,
    headers,
    limit,
    signal,
    body,
  }: Pick<Asked, 'signal'> & {
    readonly method: Asked['method'] | 'POST'
    readonly headers: Readonly<Record<string, string>>
    readonly limit: number
    readonly body?: string
  },
) {
  const { request: send } = await import('undici')
  return send(withoutUser(url).href, {
    method,
    dispatcher: agent,
    headers: { 'accept-encoding': 'identity', ...headers, ...basic(url) },
    headersTimeout: limit,
    bodyTimeout: limit,
    ...(signal && { signal }),
    ...(body === undefined ? {} : { body }),
  })
}

/** How often a server is asked without anything having come of it. */
export const tries = 4

/** Asks again where that may help: after `pause` seconds, then twice as many, and so on. */
export async function persistently<T extends object>(
  ask: () => Promise<T | Miss>,
  { pause = 1, signal }: { readonly pause?: number; readonly signal?: AbortSignal | undefined },
): Promise<T | Miss> {
  for (let vain = 1; ; vain++) {
    const said = await ask()
    if (!isMiss(said) || !said.again) return said
    if (vain >= tries) return { why: `${said.why} (${vain} times)`, again: false }
    await wait(pause * 1000 * 2 ** (vain - 1), undefined, { signal })
  }
}

/** A body that nobody wants to read: its connection ends, which is no error of anybody's. */
export function discard(body: Readable): void {
  body.on('error', () => {}).destroy()
}

async function heard<T extends object>(
  at: URL,
  signal: AbortSignal | undefined,
  send: () => Promise<T>,
): Promise<T | Miss> {
  try {
    return await send()
  } catch (error) {
    signal?.throwIfAborted()
    return missOf(at, error)
  }
}

/** What an error of the connection comes to. One of the certificate does not go away by asking again. */
export function missOf(at: URL | string, error: unknown): Miss {
  const first = error instanceof AggregateError ? (error.errors[0] ?? error) : error
  const { code = '', message = String(first) } = first as NodeJS.ErrnoException
  const isCertificate = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS_|ERR_SSL/.test(code)
  const said = words[code] ?? (isCertificate ? `its certificate is not believed (${message})` : message)
  const hint = isCertificate
    ? ': add its authority to those of this machine, or name its file in NODE_EXTRA_CA_CERTS'
    : ''
  return { why: `${shownUrl(at)}: ${said}${hint}`, again: !isCertificate && code !== 'ENOTFOUND' }
}

const words: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'no name server answers',
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ETIMEDOUT: 'it does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer',
  UND_ERR_BODY_TIMEOUT: 'it has fallen silent',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the connection was cut',
}

function withoutUser(url: URL): URL {
  const plain = new URL(url)
  plain.username = ''
  plain.password = ''
  return plain
}

function basic({ username, password }: URL): { readonly authorization?: string } {
  if (username === '' && password === '') return {}
  const words = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { authorization: `Basic ${Buffer.from(words).toString('base64')}` }
}
