/** What a certificate request asks for. */
export interface AskedFor {
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly names: readonly string[]
  readonly addresses: readonly string[]
}

const pem = /^-----BEGIN CERTIFICATE REQUEST-----\n([A-Za-z0-9+/=\n]+)-----END CERTIFICATE REQUEST-----\n*$/

const [extensionRequest, subjectAltName] = ['1.2.840.113549.1.9.14', '2.5.29.17']

/**
 * Reads a request (PKCS #10, PEM in base64), or says what is not as a kubelet writes it. What the signer would read and
 * this does not must not be there: one block of PEM, one list of extensions, and in it the names alone.
 */
export async function askedFor(request: string): Promise<AskedFor | string> {
  const body = pem.exec(Buffer.from(request, 'base64').toString('latin1'))?.[1]
  if (body === undefined) return 'it is not one certificate request in PEM'
  await import('reflect-metadata')
  const { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } = await import('@peculiar/x509')
  try {
    const asked = new Pkcs10CertificateRequest(Buffer.from(body, 'base64'))
    const [attribute, ...attributes] = asked.attributes
    if (attribute?.type !== extensionRequest || attribute.values.length !== 1 || attributes.length > 0)
      return 'it asks for other attributes than the extensions of a certificate, or for none'
    const [names, ...extensions] = asked.extensions
    if (names?.type !== subjectAltName || extensions.length > 0)
      return 'it asks for other extensions than names and addresses, or for none'
    const { items } = new SubjectAlternativeNameExtension(names.rawData).names
    const other = items.find(({ type }) => type !== 'dns' && type !== 'ip')
    if (other !== undefined) return `it asks for a name of the kind ${other.type}`
    const parts = asked.subjectName.toJSON().flatMap(part => Object.entries(part))
    const unknown = parts.find(([name]) => name !== 'O' && name !== 'CN')
    if (unknown !== undefined) return `its subject has ${unknown[0]}`
    const of = (wanted: string) => parts.flatMap(([name, values]) => (name === wanted ? values : []))
    const [commonName = '', ...more] = of('CN')
    if (more.length > 0) return 'its subject has several common names'
    const valuesOf = (kind: 'dns' | 'ip') => items.flatMap(({ type, value }) => (type === kind ? [value] : []))
    return { commonName, organizations: of('O'), names: valuesOf('dns'), addresses: valuesOf('ip') }
  } catch {
    return 'it is no certificate request that can be read'
  }
}
