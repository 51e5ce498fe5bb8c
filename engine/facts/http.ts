import { isIP } from 'node:net'
import { hasControlCharacters, quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { endedLine } from './output.ts'
import { parallel } from './parallel.ts'
import { within } from './timeout.ts'

export interface HttpArgs {
  /**
   * `http://…` or `https://…`; its host is the Host header, the SNI and the name that the certificate is checked for.
   */
  readonly url: string
  /** Connect to this name or address instead of the URL's host. */
  readonly address?: string
  /** PEM file on the host that the server's certificate must lead to; default: the system's. */
  readonly ca?: string
  /** Don't check the server's certificate. */
  readonly insecure?: boolean
  /** Client certificate and key, PEM files on the host. */
  readonly certificate?: string
  readonly key?: string
  /** Basic authentication. It travels over stdin and is in no argument list. */
  readonly user?: string
  readonly password?: string
  /** `{ Authorization: 'Bearer …' }`. They travel over stdin and are in no argument list. */
  readonly headers?: Readonly<Record<string, string>>
  /** Seconds for the whole request; default 3. */
  readonly timeout?: number
  /** Status that is expected; default any of 200–299. */
  readonly status?: number | readonly number[]
  /** Text that the beginning of the answer must hold. */
  readonly contains?: string
}

/** A request that may be another one than a GET: what a task sends. */
export interface HttpRequest extends HttpArgs {
  readonly method?: string
  /** What is sent with it: a shell word that is the path of a file, and the number of its bytes. */
  readonly body?: { readonly file: string; readonly bytes: number }
}

/** What an URL has answered, or why nothing was heard. */
export type HttpFact =
  | {
      readonly type: 'answered'
      readonly status: number
      /** The first 4 KiB. */
      readonly body: string
      /** The status is an expected one and the answer holds the expected text. */
      readonly expected: boolean
    }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'unavailable'; readonly reason: string }

/**
 * What a web server answers to a GET from the host. By curl; without it by openssl (https), wget or bash (http). No
 * proxy is used and no redirect followed. All requests run at the same time.
 */
export const http = defineFact<HttpArgs, HttpFact>({
  name: 'http',
  unseen: ['user', 'password', 'headers', 'contains'],
  // An answer may have the time in it.
  lasting: fact => (fact.type === 'answered' ? { status: fact.status, expected: fact.expected } : fact.type),
  probe: args => `${within}\n${parallel(args.map(item => `{ ${httpCall(item)}\n} | base64; echo .`))}\n:`,
  parse: (output, args) => {
    const answers = endedLine(output).split('.\n')
    return args.map((item, index) => {
      const answer = answers[index]
      if (answer === undefined || index >= answers.length - 1)
        throw new Error('an answer about a web server is missing')
      return readAnswer(Buffer.from(answer, 'base64').toString(), item)
    })
  },
})

const largest = 8192

/**
 * Shell text that prints status line, headers and the beginning of the body, or `failed REASON`, or `unavailable
 * REASON`. Needs `within`.
 */
export function httpCall(args: HttpRequest): string {
  const url = new URL(args.url)
  const secure = url.protocol === 'https:'
  const branches = [
    ['curl', curl(args, url)],
    ...(secure
      ? [['openssl', openssl(args, url)]]
      : [...(isPlain(args) ? [['wget', wget(args, url)]] : []), ['bash', bash(args, url)]]),
  ]
  const tools = branches.map(([tool]) => tool).join(' or ')
  const chosen = branches.map(([tool, text]) => `if command -v ${tool} >/dev/null 2>&1; then ${text}`).join('\nel')
  return `{ unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY
${chosen}
else echo 'unavailable none of ${tools.replaceAll("'", '')} is installed'; fi; } 2>&1 | head -c ${largest}`
}

/** wget takes a header in its argument list alone. */
const isPlain = ({ user, headers = {}, method = 'GET', body }: HttpRequest): boolean =>
  user === undefined && headersOf({ headers }).length === 0 && method === 'GET' && body === undefined

/** A line feed in a value would begin another header. */
function headersOf({ headers = {} }: Pick<HttpArgs, 'headers'>): readonly (readonly [string, string])[] {
  return Object.entries(headers).map(([name, value]) => {
    if (hasControlCharacters(name + value))
      throw new Error(`the header ${JSON.stringify(name)} holds a control character`)
    return [name, value]
  })
}

/** Shell pattern (for `case`) that an expected answer matches. The status is the line's: a date has numbers, too. */
export function httpPattern({ status = [], contains }: HttpArgs): string {
  const wanted = [status].flat()
  const rest = contains === undefined ? '*' : `*${quote(contains)}*`
  return ['[0-9]', '[0-9].[0-9]']
    .flatMap(version =>
      (wanted.length === 0 ? ['2[0-9][0-9]'] : wanted.map(quote)).map(code => `HTTP/${version}' '${code}${rest}`),
    )
    .join('|')
}

const seconds = (args: HttpArgs): number => args.timeout ?? 3
const bare = (host: string): string => host.replace(/^\[|\]$/g, '')
const portOf = (url: URL): string => url.port || (url.protocol === 'https:' ? '443' : '80')
const bracketed = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host)

function curl(args: HttpRequest, url: URL): string {
  const words = ['-sSi', '--max-time', seconds(args)]
  if (args.address !== undefined && isIP(args.address) !== 0)
    words.push('--resolve', `${bare(url.hostname)}:${portOf(url)}:${bracketed(args.address)}`)
  // An address in the URL can't be resolved to another one; a name to connect to has to be looked up there.
  if (args.address !== undefined && (isIP(args.address) === 0 || isIP(bare(url.hostname)) !== 0))
    words.push('--connect-to', `::${bracketed(args.address)}:${portOf(url)}`)
  if (args.insecure) words.push('-k')
  if (args.ca !== undefined) words.push('--cacert', args.ca)
  if (args.certificate !== undefined) words.push('--cert', args.certificate)
  if (args.key !== undefined) words.push('--key', args.key)
  const { method = 'GET', body, user } = args
  if (method === 'HEAD') words.push('-I')
  else if (method !== 'GET') words.push('-X', method)
  // It would wait for a server that does not answer a question for leave.
  if (body !== undefined) words.push('-H', 'Expect:')
  const call = `${words.map(quote).join(' ')}${body === undefined ? '' : ` --data-binary "@"${body.file}`} ${quote(url.href)}`
  const hidden = [
    ...(user === undefined ? [] : [`user = "${configured(credentials(args))}"`]),
    // A header without a value is written so; with a colon it would be left out.
    ...headersOf(args).map(
      ([name, value]) => `header = "${configured(value === '' ? `${name};` : `${name}: ${value}`)}"`,
    ),
  ]
  // Before all else -q: no ~/.curlrc has a say (a proxy, redirects).
  return hidden.length === 0
    ? `curl -q ${call}`
    : `printf '%s\\n' ${hidden.map(quote).join(' ')} | curl -q --config - ${call}`
}

/** As a configuration of curl has it between quotes: a line feed in a password would begin another option. */
const configured = (text: string): string =>
  text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')

const credentials = ({ user = '', password = '' }: HttpArgs): string => `${user}:${password}`

/** Shell text that prints the request. */
function request(args: HttpRequest, url: URL): string {
  const { method = 'GET', user, body } = args
  const lines = [
    `${method} ${url.pathname}${url.search} HTTP/1.0`,
    `Host: ${url.host}`,
    'User-Agent: rota',
    ...(user === undefined ? [] : [`Authorization: Basic ${Buffer.from(credentials(args)).toString('base64')}`]),
    ...headersOf(args).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : [`Content-Length: ${body.bytes}`]),
    'Connection: close',
  ]
  const head = `printf %s ${quote(`${lines.join('\r\n')}\r\n\r\n`)}`
  return body === undefined ? head : `{ ${head}; cat ${body.file}; }`
}

function openssl(args: HttpRequest, url: URL): string {
  const name = bare(url.hostname)
  const words = ['-quiet', '-connect', `${bracketed(bare(args.address ?? url.hostname))}:${portOf(url)}`]
  if (isIP(name) === 0) words.push('-servername', name)
  if (args.ca !== undefined) words.push('-CAfile', args.ca)
  if (!args.insecure) words.push('-verify_return_error', isIP(name) === 0 ? '-verify_hostname' : '-verify_ip', name)
  if (args.certificate !== undefined) words.push('-cert', args.certificate)
  if (args.key !== undefined) words.push('-key', args.key)
  return `if a=$(${request(args, url)} | within ${seconds(args)} openssl s_client ${words.map(quote).join(' ')} 2>&1); then c=0; else c=$?; fi
  case $a in *HTTP/1*) printf 'HTTP/1%s' "\${a#*HTTP/1}" ;; *) printf 'failed %s: %s\\n' "$c" "$a" ;; esac`
}

function wget(args: HttpArgs, url: URL): string {
  const to = new URL(url)
  if (args.address !== undefined) to.hostname = bracketed(args.address)
  const words = ['-q', '-S', '-O', '-', '--header', `Host: ${url.host}`, to.href]
  return `within ${seconds(args)} wget ${words.map(quote).join(' ')} 2>&1 |
  sed -e '1s/^ *//' -e 's/^wget: server returned error: HTTP/HTTP/'`
}

function bash(args: HttpRequest, url: URL): string {
  const script = 'exec 3<>"/dev/tcp/$0/$1" && cat >&3 && cat <&3'
  const words = [script, bare(args.address ?? url.hostname), portOf(url)]
  return `${request(args, url)} | within ${seconds(args)} bash -c ${words.map(quote).join(' ')}`
}

function readAnswer(text: string, args: HttpArgs): HttpFact {
  const status = /^HTTP\/[\d.]+ (\d{3})/.exec(text)?.[1]
  if (status === undefined) {
    const reason = text.trim().replace(/^(failed|unavailable) /, '')
    if (text.startsWith('unavailable ')) return { type: 'unavailable', reason }
    return { type: 'failed', reason: reason || `no answer within ${seconds(args)} s` }
  }
  const body = text
    .split(/\r?\n *\r?\n/)
    .slice(1)
    .join('\n\n')
    .slice(0, 4096)
  const wanted = [args.status ?? []].flat()
  const right = wanted.length === 0 ? status.startsWith('2') : wanted.includes(Number(status))
  return {
    type: 'answered',
    status: Number(status),
    body,
    expected: right && (args.contains === undefined || text.includes(args.contains)),
  }
}
