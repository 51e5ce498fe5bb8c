import type { Dispatcher } from 'undici'
import { failure, messageOf } from '../failure/index.ts'
import { type AskingOnce, answerAt, type WebAnswer } from './answer.ts'
import { authorities } from './authorities.ts'
import { type FetchedFile, fetchFile, type WantedFile } from './file.ts'
import type { Asking, Miss } from './request.ts'
import type { Sum } from './sum.ts'
import { publishedSum, sizeAt, textAt } from './text.ts'

/**
 * Which proxies are used; each that is not given, or empty, is that of the environment (`HTTPS_PROXY`, `no_proxy`, …).
 */
export interface WebOptions {
  readonly httpProxy?: string | undefined
  readonly httpsProxy?: string | undefined
  readonly noProxy?: string | undefined
}

/** The web as this machine sees it. It has connections, and so it is to be closed. */
export interface Web {
  readonly file: (wanted: WantedFile) => Promise<FetchedFile>
  readonly size: (url: string, asking?: Asking) => Promise<{ readonly size?: number } | Miss>
  readonly text: (url: string, asking?: Asking) => Promise<{ readonly text: string } | Miss>
  /** Whatever it is, without a second try. */
  readonly answer: (url: string, asking?: AskingOnce) => Promise<WebAnswer | Miss>
  readonly publishedSum: (url: string, asking?: Asking) => Promise<Sum | Miss>
  readonly close: () => Promise<void>
}

/**
 * undici is what Node's own `fetch` is made of; on its own it knows proxies, which that of Node 20 does not. Throws a
 * failure where a proxy can't be one.
 */
export async function openWeb(given: WebOptions = {}): Promise<Web> {
  const agent = await agentBy(given)
  return {
    file: wanted => fetchFile(agent, wanted),
    size: (url, asking = {}) => sizeAt(agent, url, asking),
    text: (url, asking = {}) => textAt(agent, url, asking),
    answer: (url, asking = {}) => answerAt(agent, url, asking),
    publishedSum: (url, asking = {}) => publishedSum(agent, url, asking),
    close: () => agent.destroy(),
  }
}

async function agentBy(given: WebOptions): Promise<Dispatcher> {
  const { EnvHttpProxyAgent } = await import('undici')
  const tls = { secureContext: authorities(), timeout: 15_000 }
  const { env } = process
  const httpProxy = withScheme(given.httpProxy || (env.http_proxy ?? env.HTTP_PROXY))
  const httpsProxy = withScheme(given.httpsProxy || (env.https_proxy ?? env.HTTPS_PROXY))
  const noProxy = given.noProxy || (env.no_proxy ?? env.NO_PROXY)
  try {
    return new EnvHttpProxyAgent({
      connect: tls,
      requestTls: tls,
      proxyTls: tls,
      ...(httpProxy && { httpProxy }),
      ...(httpsProxy && { httpsProxy }),
      ...(noProxy === undefined ? {} : { noProxy }),
    })
  } catch (error) {
    // What it is may hold a password.
    throw failure(`http_proxy or https_proxy is no proxy: ${messageOf(error)}`, { hint: 'as in http://proxy:3128' })
  }
}

/** As curl takes it: `proxy:3128` is one of http. */
const withScheme = (proxy: string | undefined): string | undefined =>
  proxy && !proxy.includes('://') ? `http://${proxy}` : proxy
