// @ts-check
/** @import { Access } from './agent.mjs' */
/** @import { LabInfo } from '../lab/types.ts' */
import { execa } from 'execa'
import { parse } from 'yaml'
import { LabError } from '../lab/say.mjs'

/**
 * What a client of a cluster asks for: an object, which an API server has from etcd, and something that it knows by
 * itself. `/readyz` is what a proxy asks: it is 500 as soon as etcd takes two seconds, in which a client only waits.
 */
const paths = ['/api/v1/namespaces/default', '/version']

/** As long as a kubelet waits for an answer when it renews the Lease of its node. */
const timeoutMs = 10_000

/**
 * Asks as the administrator of the lab's cluster, whose credentials any of its masters has.
 * @param {LabInfo} lab
 * @returns {Promise<Access & { kinds: string[], timeoutMs: number }>}
 */
export async function asAdministrator(lab) {
  for (const { container } of lab.hosts) {
    const found = await execa('docker', ['exec', container, 'cat', '/etc/kubernetes/admin.conf'], { reject: false })
    if (found.exitCode === 0)
      return {
        ...identity(found.stdout),
        kinds: ['new', 'kept'].flatMap(how => paths.map(path => `${how} ${path}`)),
        timeoutMs,
      }
  }
  throw new LabError('no host of the lab knows the administrator of a cluster')
}

/** @param {string} kubeconfig @returns {Access} */
function identity(kubeconfig) {
  const { clusters, users } = parse(kubeconfig)
  /** @param {string} text */
  const pem = text => Buffer.from(text, 'base64').toString()
  return {
    ca: pem(clusters[0].cluster['certificate-authority-data']),
    cert: pem(users[0].user['client-certificate-data']),
    key: pem(users[0].user['client-key-data']),
  }
}
