import type { Dispatcher } from 'undici'
import { isWebUrl, shownUrl } from './address.ts'
import { type Asking, discard, isMiss, type Miss, missOf, persistently, request } from './request.ts'
import { type Sum, sumFrom } from './sum.ts'

/** A short text (64 KiB at most): a checksum, a version. */
export async function textAt(
  agent: Dispatcher,
  url: string,
  asking: Asking,
): Promise<{ readonly text: string } | Miss> {
  const answer = await request(agent, url, { method: 'GET', ...asking })
  if (isMiss(answer)) return answer
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of answer.body) {
      chunks.push(chunk)
      size += chunk.length
      if (size > 64 * 1024) {
        discard(answer.body)
        return { why: `${shownUrl(url)} is longer than it may be`, again: false }
      }
    }
  } catch (error) {
    asking.signal?.throwIfAborted()
    return missOf(url, error)
  }
  return { text: Buffer.concat(chunks).toString('utf8') }
}

/** How long a file is, in bytes; without `size` where the server does not say. */
export async function sizeAt(
  agent: Dispatcher,
  url: string,
  asking: Asking,
): Promise<{ readonly size?: number } | Miss> {
  const answer = await request(agent, url, { method: 'HEAD', ...asking }, [405, 501])
  if (isMiss(answer)) return answer
  discard(answer.body)
  const size = Number(answer.headers['content-length'])
  return answer.status === 200 && Number.isInteger(size) ? { size } : {}
}

/** Over plain http anybody on the way writes both, the file and its checksum. */
export async function publishedSum(agent: Dispatcher, url: string, asking: Asking): Promise<Sum | Miss> {
  if (!isWebUrl(url) || new URL(url).protocol !== 'https:')
    return {
      why: `${shownUrl(url)}: its checksum is not known, and one that comes by http proves nothing`,
      again: false,
    }
  let first: Miss | undefined
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const beside = new URL(url)
    beside.pathname += `.${algorithm}`
    const said = await persistently(() => textAt(agent, beside.href, { ...asking, onlyHttps: true }), asking)
    if (isMiss(said)) {
      first ??= said
      continue
    }
    const sum = sumFrom(said.text)
    if (sum?.algorithm === algorithm) return sum
    return { why: `${shownUrl(beside)} holds no checksum`, again: false }
  }
  return { why: `its checksum is not to be had: ${first?.why}`, again: false }
}
