// @ts-check
import { LabError } from '../say.mjs'

/**
 * What kubespray's releases write differently on a host, as far as the layout shows it. Sources:
 * roles/kubernetes/node/templates/loadbalancer/nginx.conf.j2, roles/kubespray_defaults, control-plane/templates.
 * @typedef {Readonly<{
 *   nginxTag: string,
 *   balancerName: string,
 *   openFiles: number,
 *   etcd: Readonly<Record<string, string>>,
 *   kubelet: readonly string[],
 *   quotes: readonly string[],
 *   renews: 'always' | 'asks the timer' | 'asks the calendar',
 * }>} Release etcd: what its environment file has beside addresses and certificates; kubelet: settings that came later,
 * quotes: those whose value is in quotes; renews: when k8s-certs-renew.sh makes certificates anew
 */

// roles/etcd/templates/etcd.env.j2 and the defaults of what it names.
const v2 = { ETCD_ENABLE_V2: 'true' }
const notified = { ETCD_EXPERIMENTAL_WATCH_PROGRESS_NOTIFY_INTERVAL: '5s' }
const snapshots = { ETCD_SNAPSHOT_COUNT: '100000' }
const bounds = { ...snapshots, ETCD_QUOTA_BACKEND_BYTES: '2147483648', ETCD_MAX_REQUEST_BYTES: '1572864' }
const balancer = 'lb-apiserver.kubernetes.local'

// roles/kubernetes/node/templates/kubelet-config.v1beta1.yaml.j2
const pulls = ['maxParallelImagePulls']
const endpoint = [...pulls, 'containerRuntimeEndpoint']
const address = ['address']
const paths = [...address, 'staticPodPath']

/** @satisfies {Record<string, Release>} */
const releases = {
  2.25: release({ nginxTag: '1.25.2-alpine', etcd: v2 }),
  2.26: release({ nginxTag: '1.25.2-alpine', etcd: { ...v2, ...notified }, kubelet: pulls }),
  2.27: release({ nginxTag: '1.25.2-alpine', etcd: { ...v2, ...notified }, kubelet: endpoint }),
  2.28: release({
    nginxTag: '1.27.4-alpine',
    etcd: { ...snapshots, ...v2, ...notified },
    kubelet: endpoint,
    quotes: address,
  }),
  2.29: recent({ nginxTag: '1.28.0-alpine', etcd: { ...bounds, ...v2, ...notified }, quotes: paths }),
  '2.30': recent({ nginxTag: '1.28.0-alpine', etcd: { ...bounds, ...v2, ...notified }, quotes: paths }),
  2.31: recent({ nginxTag: '1.28.2-alpine' }),
  2.32: recent({ nginxTag: '1.30.1-alpine', openFiles: 65535, renews: 'asks the calendar' }),
}

export const releaseNames = Object.keys(releases).sort()

/** @param {string} name such as 2.28 @returns {Release} */
export function releaseOf(name) {
  const found = /** @type {Record<string, Release>} */ (releases)[name]
  if (!found) throw new LabError(`no layout of kubespray ${name}; there are ${releaseNames.join(', ')}`)
  return found
}

/** @typedef {Pick<Release, 'nginxTag'> & Partial<Release>} Differences */

/** @param {Differences} differences @returns {Release} */
function release(differences) {
  return {
    balancerName: balancer,
    openFiles: 130048,
    etcd: {},
    kubelet: [],
    quotes: [],
    renews: 'always',
    ...differences,
  }
}

/** Since 2.29. @param {Differences} differences */
function recent(differences) {
  return release({
    balancerName: 'localhost',
    etcd: { ...bounds, ...notified },
    kubelet: endpoint,
    quotes: address,
    renews: 'asks the timer',
    ...differences,
  })
}

/**
 * The release that a layout's name asks for; the newest where it names none.
 * @param {string} layout kubespray or kubespray-2.28
 */
export function layoutRelease(layout) {
  const [, name = releaseNames.at(-1) ?? ''] = /^kubespray(?:-(.+))?$/.exec(layout) ?? []
  if (!layout.startsWith('kubespray')) throw new LabError(`no layout ${layout}; there is kubespray[-RELEASE]`)
  releaseOf(name)
  return name
}
