import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer as createPlain } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a path answers with; `undefined`: 404. */
export type Routes = Readonly<Record<string, RequestListener>>

export interface Server {
  readonly base: string
  /** `METHOD PATH`, with the range that was asked for, in order. */
  readonly asked: string[]
  readonly close: () => void
}

/** An authority of the test's own, and a certificate of 127.0.0.1 and localhost. */
export interface Authority {
  readonly ca: string
  readonly key: Buffer
  readonly cert: Buffer
  readonly remove: () => void
}

export function authority(): Authority {
  const dir = mkdtempSync(join(tmpdir(), 'rota-web-'))
  const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: dir, stdio: 'pipe' })
  writeFileSync(join(dir, 'names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test', '-days', '2')
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=server')
  const sign = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names']
  openssl('x509', '-req', '-in', 'server.csr', '-out', 'server.crt', ...sign)
  return {
    ca: join(dir, 'ca.crt'),
    key: readFileSync(join(dir, 'server.key')),
    cert: readFileSync(join(dir, 'server.crt')),
    remove: () => rmSync(dir, { recursive: true }),
  }
}

/** A web server on a port of its own; https where it has an authority. */
export async function serve(routes: Routes, tls?: Authority): Promise<Server> {
  const asked: string[] = []
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const { method = '', url = '', headers } = request
    asked.push([method, url, headers.range].filter(Boolean).join(' '))
    const route = routes[url.replace(/\?.*/, '')]
    if (route) route(request, response)
    else response.writeHead(404).end('no such file')
  }
  const server = tls ? createServer({ key: tls.key, cert: tls.cert }, listener) : createPlain(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    base: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    asked,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Where a range begins; 0 where none is asked for. */
export const rangeOf = ({ headers }: IncomingMessage): number =>
  Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0)

/** A file as a good server gives it, from where it is asked to. */
export const file =
  (content: Buffer): RequestListener =>
  (request, response) => {
    const from = rangeOf(request)
    const rest = content.subarray(from)
    const range = from > 0 ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {}
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': rest.length, ...range })
    response.end(request.method === 'HEAD' ? undefined : rest)
  }

export const text = (content: string): RequestListener => file(Buffer.from(content))

/** One that cuts the connection after so many bytes, each time that it is asked. */
export const cut =
  (content: Buffer, after: number, ranges = true): RequestListener =>
  (request, response) => {
    const from = ranges ? rangeOf(request) : 0
    const rest = content.subarray(from)
    const range = from > 0 ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {}
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': rest.length, ...range })
    if (rest.length <= after) response.end(rest)
    else response.write(rest.subarray(0, after), () => setTimeout(() => response.destroy(), 20))
  }

export const redirect =
  (to: string): RequestListener =>
  (_, response) =>
    response.writeHead(302, { location: to }).end()
