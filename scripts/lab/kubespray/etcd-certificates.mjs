// @ts-check
/** @import { Cluster } from './cluster.mjs' */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

/**
 * etcd's authority and the certificates of kubespray's names, as its script makes them: of members, of administrators,
 * and of the API servers as clients. By file name, ca-key.pem too: every member has all of them.
 * @param {Pick<Cluster, 'masters'>} cluster
 * @returns {Promise<Readonly<Record<string, string>>>}
 */
export async function etcdCertificates({ masters }) {
  const dir = await mkdtemp(join(tmpdir(), 'rota-etcd-'))
  const openssl = (/** @type {readonly string[]} */ ...words) => execa('openssl', words, { cwd: dir })
  const days = ['-days', '36500']
  try {
    await writeFile(join(dir, 'names.conf'), opensslConf({ masters }))
    const authority = ['-keyout', 'ca-key.pem', '-out', 'ca.pem', '-subj', '/CN=etcd-ca']
    await openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...days, ...authority)
    const wanted = masters.flatMap(({ name }) => ['member', 'admin', 'node'].map(kind => ({ kind, name })))
    for (const { kind, name } of wanted) {
      const file = `${kind}-${name}`
      const subject = ['-subj', `/CN=etcd-${kind}-${name}`]
      await openssl(
        'req',
        '-new',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        `${file}-key.pem`,
        '-out',
        'csr',
        ...subject,
      )
      const by = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-extensions', 'ssl_client']
      await openssl('x509', '-req', '-in', 'csr', ...by, '-extfile', 'names.conf', '-out', `${file}.pem`, ...days)
    }
    const names = (await readdir(dir)).filter(name => name.endsWith('.pem'))
    const read = names.map(async name => [name, await readFile(join(dir, name), 'utf8')])
    return Object.fromEntries(await Promise.all(read))
  } finally {
    await rm(dir, { recursive: true })
  }
}

/** @param {Pick<Cluster, 'masters'>} cluster */
export const opensslConf = ({ masters }) => `[req]
req_extensions = v3_req
distinguished_name = req_distinguished_name

[req_distinguished_name]

[ v3_req ]
basicConstraints = CA:FALSE
keyUsage = nonRepudiation, digitalSignature, keyEncipherment
subjectAltName = @alt_names

[ ssl_client ]
extendedKeyUsage = clientAuth, serverAuth
basicConstraints = CA:FALSE
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid,issuer
subjectAltName = @alt_names

[alt_names]
DNS.1 = localhost
${masters.map(({ name }, index) => `DNS.${index + 2} = ${name}\n`).join('')}${[
  ...masters.map(({ ip }) => ip),
  '127.0.0.1',
  '::1',
]
  .map((ip, index) => `IP.${index + 1} = ${ip}\n`)
  .join('')}`
