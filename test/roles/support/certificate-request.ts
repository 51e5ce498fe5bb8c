import { webcrypto } from 'node:crypto'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

export type Names = readonly { readonly type: 'dns' | 'ip' | 'url' | 'email'; readonly value: string }[]

export interface Asked {
  readonly subject: string
  readonly names: Names
  readonly more?: readonly x509.Extension[]
  readonly attributes?: readonly x509.Attribute[]
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** What a kubelet puts into a CertificateSigningRequest: PEM in base64. */
export async function certificateRequest({ subject, names, more = [], attributes = [] }: Asked): Promise<string> {
  x509.cryptoProvider.set(webcrypto as never)
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subject,
    keys: keys as never,
    signingAlgorithm: algorithm,
    extensions: [...(names.length === 0 ? [] : [namesExtension(names)]), ...more],
    attributes: [...attributes],
  })
  return Buffer.from(`${request.toString('pem')}\n`).toString('base64')
}

export const namesExtension = (names: Names): x509.Extension => new x509.SubjectAlternativeNameExtension([...names])
