import { X509Certificate } from 'node:crypto'
import { type Check, facts, type HttpFact, hostCheck, sharedCheck } from 'rota'
import { missingNames } from '../control-plane/names.ts'
import { httpsUrl, httpUrl, servingStatuses, wantsToKnowWho } from '../lib/cluster/index.ts'
import type { Alternatives } from '../lib/pki/index.ts'

/** A way to the API servers that clients take, seen from a host. */
export interface Way {
  /** `through the virtual address`. */
  readonly name: string
  readonly address: string
  readonly port: number
  readonly protocol: 'tcp' | 'http'
}

/** The API server answers, with a certificate of the cluster's authority for the address that was dialled. */
export const answers = (way: Way, ca: string): Check => {
  const name = `the API server answers ${way.name}`
  if (way.protocol === 'http')
    return hostCheck({
      name,
      facts: { plain: facts.http({ url: httpUrl(way.address, way.port, '/healthz'), status: 200 }) },
      verdict: ({ plain }) => finding(plain, 'insecure'),
    })
  const url = httpsUrl(way.address, way.port, '/readyz')
  return hostCheck({
    name,
    facts: {
      ca: facts.path({ path: ca }),
      checked: facts.http({ url, ca, status: servingStatuses, timeout: 5 }),
      unchecked: facts.http({ url, insecure: true, status: servingStatuses, timeout: 5 }),
    },
    verdict: ({ ca, checked, unchecked }) =>
      ca.type === 'absent' ? finding(unchecked, 'the certificate is checked below') : finding(checked),
  })
}

const finding = (answer: HttpFact, how?: string) => ({
  ok: answer.type === 'answered' && answer.expected,
  expected: '200 with a certificate for that address',
  saw: `${answer.type === 'answered' ? answered(answer.status) : answer.reason}${how === undefined ? '' : ` (${how})`}`,
})

const answered = (status: number): string =>
  wantsToKnowWho(status) ? `${status}, which tells nothing without credentials` : `${status}`

const shown = ({ address, port }: Way) => facts.tlsCertificate({ host: address, port })

/** Whoever answers shows a certificate that has every name and address that clients use: found out by dialling. */
export const showsEveryName = (way: Way, wanted: Alternatives): Check =>
  hostCheck({
    name: `every name is in the certificate ${way.name}`,
    facts: { shown: shown(way) },
    verdict: ({ shown }) => {
      const expected = [...wanted.addresses, ...wanted.names].join(', ')
      if (shown.type !== 'certificate') return { ok: false, expected, saw: shown.reason }
      const missing = missingNames(wanted, shown.pem)
      return {
        ok: missing.length === 0,
        expected,
        saw:
          missing.length === 0 ? `all ${wanted.names.length + wanted.addresses.length}` : `lacks ${missing.join(', ')}`,
      }
    },
  })

interface Seen {
  /** Certificates of the cluster's authority, on a master. */
  readonly authorities: readonly string[]
  /** What was shown, by the way to it. */
  readonly shown: readonly { readonly way: string; readonly pem: string }[]
}

/** Every certificate that was shown anywhere is of the authority that the masters have, and valid now. */
export const sameAuthority = (ways: readonly Way[], ca: string, theirs: string): Check => {
  const dialled = ways.filter(({ protocol }) => protocol === 'tcp')
  return sharedCheck({
    name: "every certificate is of the cluster's authority",
    facts: {
      ca: facts.path({ path: ca, content: true }),
      // kubespray's own place. Its `pki` is a link to it, in a folder that its user `kube` may write to: not followed.
      theirs: facts.path({ path: theirs, content: true }),
      ...Object.fromEntries(dialled.map((way, index) => [`${index}`, shown(way)])),
    },
    read: (values): Seen => ({
      authorities: [values.ca, values.theirs].flatMap(fact =>
        certificatesIn(Buffer.from(facts.bytesOf(fact) ?? '').toString()),
      ),
      shown: dialled.flatMap((way, index) => {
        const fact = (values as Readonly<Record<string, unknown>>)[`${index}`] as {
          readonly type: string
          readonly pem?: string
        }
        return fact.pem === undefined ? [] : [{ way: way.name, pem: fact.pem }]
      }),
    }),
    verdict: judgeAuthority,
  })
}

export function judgeAuthority(seen: ReadonlyMap<string, Seen | undefined>) {
  const expected = 'certificates of that authority, valid now'
  const authorities = [...new Set([...seen.values()].flatMap(value => value?.authorities ?? []))]
  if (authorities.length === 0) return { ok: false, expected, saw: 'no host has the certificate of the authority' }
  const all = [...seen].flatMap(([host, value]) => (value?.shown ?? []).map(item => ({ host, ...item })))
  const wrong = all.filter(({ pem }) => !isOf(pem, authorities))
  return {
    ok: wrong.length === 0 && all.length > 0,
    expected,
    saw:
      wrong.length > 0
        ? `another one on ${wrong.map(({ host, way }) => `${host} ${way}`).join(', ')}`
        : `${all.length} looked at`,
  }
}

function isOf(pem: string, authorities: readonly string[]): boolean {
  const certificate = new X509Certificate(pem)
  const now = new Date()
  if (new Date(certificate.validFrom) > now || new Date(certificate.validTo) < now) return false
  return authorities.some(text => {
    const authority = new X509Certificate(text)
    return certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
  })
}

const certificatesIn = (text: string): readonly string[] =>
  text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
