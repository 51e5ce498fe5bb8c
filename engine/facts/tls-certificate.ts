import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { endedLine } from './output.ts'
import { parallel } from './parallel.ts'
import { within } from './timeout.ts'

export interface TlsCertificateArgs {
  /** Name or address; default 127.0.0.1. */
  readonly host?: string
  readonly port: number
  /** SNI; default: the host, when it is a name. */
  readonly serverName?: string
  /** Seconds; default 3. */
  readonly timeout?: number
}

/** The certificate that a server shows, or why there is none: `unavailable` where the host has no openssl. */
export type TlsCertificateFact =
  | (Certificate & { readonly type: 'certificate' })
  | { readonly type: 'failed' | 'unavailable'; readonly reason: string }

/** What an X.509 certificate says. */
export interface Certificate {
  readonly subject: string
  readonly issuer: string
  readonly dnsNames: readonly string[]
  /** As Node writes them: IPv6 in long form, capital letters. */
  readonly addresses: readonly string[]
  /** ISO 8601. */
  readonly notBefore: string
  readonly notAfter: string
  /** SHA-256, colons between the bytes. */
  readonly fingerprint: string
  readonly pem: string
}

/**
 * The certificate that a server shows, dialled from the host by openssl; whom it was signed by is not checked. All at
 * the same time.
 */
export const tlsCertificate = defineFact<TlsCertificateArgs, TlsCertificateFact>({
  name: 'tlsCertificate',
  probe: args => `${within}
dial() {
  command -v openssl >/dev/null 2>&1 || { echo 'unavailable openssl is not installed'; echo .; return 0; }
  if a=$(within "$2" openssl s_client -connect "$1" $3 2>&1); then c=0; else c=$?; fi
  case $a in
    *'BEGIN CERTIFICATE'*) printf '%s\\n' "$a" | sed -n '/-----BEGIN CERT/,/-----END CERT/p;/-----END CERT/q' ;;
    *) if [ "$c" = 124 ] || [ "$c" = 143 ]; then echo "failed no answer within $2 s"
       else printf 'failed %s\\n' "$(printf '%s\\n' "$a" | head -n 3 | tr '\\n' ' ')"; fi ;;
  esac
  echo .
}
${parallel(args.map(call))}
:`,
  parse: (output, args) => {
    const answers = endedLine(output).split(/^\.\n/m)
    return args.map((_, index) => {
      const answer = (answers[index] ?? '').trim()
      const [, type, reason = ''] = /^(failed|unavailable) (.*)/s.exec(answer) ?? []
      if (type === 'failed' || type === 'unavailable') return { type, reason: reason.trim() }
      return { type: 'certificate', ...readCertificate(answer) }
    })
  },
})

function call({ host = '127.0.0.1', port, serverName, timeout = 3 }: TlsCertificateArgs): string {
  const name = serverName ?? (isIP(host) === 0 ? host : undefined)
  // The option and its value are split by the shell; a server name has no blank (checked here, where it would do harm).
  if (name !== undefined && !/^[A-Za-z0-9._*-]+$/.test(name))
    throw new Error(`not a server name: ${JSON.stringify(name)}`)
  const option = name === undefined ? '-noservername' : `-servername ${name}`
  return `dial ${quote(`${isIP(host) === 6 ? `[${host}]` : host}:${port}`)} ${timeout} ${quote(option)}`
}

/** Reads the first certificate of a PEM text. Throws when there is none. */
export function readCertificate(pem: string): Certificate {
  const certificate = new X509Certificate(pem)
  const names = (certificate.subjectAltName ?? '').split(', ')
  const of = (kind: string): readonly string[] =>
    names.flatMap(name => (name.startsWith(kind) ? [name.slice(kind.length).replace(/^"|"$/g, '')] : []))
  return {
    subject: certificate.subject,
    issuer: certificate.issuer,
    dnsNames: of('DNS:'),
    addresses: of('IP Address:'),
    notBefore: new Date(certificate.validFrom).toISOString(),
    notAfter: new Date(certificate.validTo).toISOString(),
    fingerprint: certificate.fingerprint256,
    pem: certificate.toString(),
  }
}
