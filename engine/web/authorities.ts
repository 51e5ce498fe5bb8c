import { existsSync, readFileSync } from 'node:fs'
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'

/** Where distributions keep whom they believe: Debian and its kin, RHEL and its kin, Alpine. */
const bundles = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem']

/**
 * Who is believed to be a server: the authorities that Node brings, the system's (an authority of one's own is there),
 * and those that the environment names (`SSL_CERT_FILE` in the system's place, `NODE_EXTRA_CA_CERTS`).
 */
export function authorities(environment: NodeJS.ProcessEnv = process.env): SecureContext {
  const files = [
    environment.SSL_CERT_FILE || bundles.find(path => existsSync(path)),
    environment.NODE_EXTRA_CA_CERTS,
  ].filter(path => path !== undefined && existsSync(path))
  return createSecureContext({ ca: [...rootCertificates, ...files.map(path => readFileSync(path as string, 'utf8'))] })
}
