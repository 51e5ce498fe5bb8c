import { isIP } from 'node:net'
import { quote } from '../shell/index.ts'
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
  /** Seconds for the whole request; default 3. */
  readonly timeout?: number
  /** Status that is expected; default any of 200–299. */
  readonly status?: number | readonly number[]
  /** Text that the beginning of the answer must hold. */
  readonly contains?: string
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
  unseen: ['user', 'password', 'contains'],
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
export function httpCall(args: HttpArgs): string {
  const url = new URL(args.url)
  const secure = url.protocol === 'https:'
  const branches = [
    ['curl', curl(args, url)],
    ...(secure
      ? [['openssl', openssl(args, url)]]
      : [
          // wget takes a header in its argument list alone.
          ...(args.user === undefined ? [['wget', wget(args, url)]] : []),
          ['bash', bash(args, url)],
        ]),
  ]
  const tools = branches.map(([tool]) => tool).join(' or ')
  const chosen = branches.map(([tool, text]) => `if command -v ${tool} >/dev/null 2>&1; then ${text}`).join('\nel')
  return `{ unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY
${chosen}
else echo 'unavailable none of ${tools.replaceAll("'", '')} is installed'; fi; } 2>&1 | head -c ${largest}`
}

/** Shell pattern (for `case`) that an expected answer matches. */
export function httpPattern({ status, contains }: HttpArgs): string {
  const rest = contains === undefined ? '*' : `*${quote(contains)}*`
  if (status === undefined) return `HTTP/*' '2[0-9][0-9]${rest}`
  return [status]
    .flat()
    .map(code => `HTTP/[0-9]*' ${code}'${rest}`)
    .join('|')
}

const seconds = (args: HttpArgs): number => args.timeout ?? 3
const bare = (host: string): string => host.replace(/^\[|\]$/g, '')
const portOf = (url: URL): string => url.port || (url.protocol === 'https:' ? '443' : '80')
const bracketed = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host)

function curl(args: HttpArgs, url: URL): string {
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
  if (args.user === undefined) return `curl ${[...words, url.href].map(quote).join(' ')}`
  const login = `user = "${configured(credentials(args))}"`
  return `printf '%s\\n' ${quote(login)} | curl ${['--config', '-', ...words, url.href].map(quote).join(' ')}`
}

/** As a configuration of curl has it between quotes: a line feed in a password would begin another option. */
const configured = (text: string): string =>
  text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')

const credentials = ({ user = '', password = '' }: HttpArgs): string => `${user}:${password}`

function request(args: HttpArgs, url: URL): string {
  const headers = [
    `Host: ${url.host}`,
    'User-Agent: rota',
    ...(args.user === undefined ? [] : [`Authorization: Basic ${Buffer.from(credentials(args)).toString('base64')}`]),
    'Connection: close',
  ]
  return `GET ${url.pathname}${url.search} HTTP/1.0\r\n${headers.join('\r\n')}\r\n\r\n`
}

function openssl(args: HttpArgs, url: URL): string {
  const name = bare(url.hostname)
  const words = ['-quiet', '-connect', `${bracketed(bare(args.address ?? url.hostname))}:${portOf(url)}`]
  if (isIP(name) === 0) words.push('-servername', name)
  if (args.ca !== undefined) words.push('-CAfile', args.ca)
  if (!args.insecure) words.push('-verify_return_error', isIP(name) === 0 ? '-verify_hostname' : '-verify_ip', name)
  if (args.certificate !== undefined) words.push('-cert', args.certificate)
  if (args.key !== undefined) words.push('-key', args.key)
  return `if a=$(printf %s ${quote(request(args, url))} | within ${seconds(args)} openssl s_client ${words.map(quote).join(' ')} 2>&1); then c=0; else c=$?; fi
  case $a in *HTTP/1*) printf 'HTTP/1%s' "\${a#*HTTP/1}" ;; *) printf 'failed %s: %s\\n' "$c" "$a" ;; esac`
}

function wget(args: HttpArgs, url: URL): string {
  const to = new URL(url)
  if (args.address !== undefined) to.hostname = bracketed(args.address)
  const words = ['-q', '-S', '-O', '-', '--header', `Host: ${url.host}`, to.href]
  return `within ${seconds(args)} wget ${words.map(quote).join(' ')} 2>&1 |
  sed -e '1s/^ *//' -e 's/^wget: server returned error: HTTP/HTTP/'`
}

function bash(args: HttpArgs, url: URL): string {
  const script = 'exec 3<>"/dev/tcp/$0/$1" && cat >&3 && cat <&3'
  const words = [script, bare(args.address ?? url.hostname), portOf(url)]
  return `printf %s ${quote(request(args, url))} | within ${seconds(args)} bash -c ${words.map(quote).join(' ')}`
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
