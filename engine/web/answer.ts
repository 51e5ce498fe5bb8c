import type { Dispatcher } from 'undici'
import { shownUrl } from './address.ts'
import { discard, type Miss, missOf, sendOnce } from './request.ts'

/** What a server has answered, whatever its status. */
export interface WebAnswer {
  readonly status: number
  /** The beginning of the answer, as text. */
  readonly text: string
  /** There would have been more. */
  readonly cut: boolean
  /** Where a redirect leads, as it may be shown. It is not followed. */
  readonly leadsTo?: string
}

/** How a server is asked once. */
export interface AskingOnce {
  /** They go to this server alone. A secret may be among them. */
  readonly headers?: Readonly<Record<string, string>>
  /** It is sent this, as JSON, by POST. */
  readonly json?: unknown
  /** Seconds for all of it, however slowly it comes; default 10. */
  readonly timeout?: number
  /** Bytes of the answer that are read; default 1 MiB. */
  readonly most?: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Asks once, by GET or where something is sent by POST: no redirect is followed, and no second try is made. An abort by
 * `signal` is thrown.
 */
export async function answerAt(
  agent: Dispatcher,
  url: string,
  { headers = {}, json, timeout = 10, most = 1024 * 1024, signal }: AskingOnce,
): Promise<WebAnswer | Miss> {
  const late = AbortSignal.timeout(timeout * 1000)
  const either = signal === undefined ? late : AbortSignal.any([signal, late])
  // A proxy that says nothing is not left by undici, whatever the signal says.
  const gone = new Promise<never>((_, reject) => {
    either.addEventListener('abort', () => reject(either.reason), { once: true })
  })
  const whole = async (): Promise<WebAnswer> => {
    either.throwIfAborted()
    const answer = await sendOnce(agent, new URL(url), {
      ...(json === undefined
        ? { method: 'GET', headers }
        : { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(json) }),
      limit: timeout * 1000,
      signal: either,
    })
    const { statusCode: status, headers: said, body } = answer
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of body) {
      chunks.push(chunk)
      size += chunk.length
      if (size > most) break
    }
    discard(body)
    const text = Buffer.concat(chunks).subarray(0, most).toString('utf8')
    const { location } = said
    const leads = typeof location === 'string' && URL.canParse(location, url)
    return { status, text, cut: size > most, ...(leads && { leadsTo: shownUrl(new URL(location, url)) }) }
  }
  try {
    return await Promise.race([whole(), gone])
  } catch (error) {
    signal?.throwIfAborted()
    if (late.aborted) return { why: `${shownUrl(url)}: no whole answer within ${timeout} s`, again: true }
    return missOf(url, error)
  }
}
