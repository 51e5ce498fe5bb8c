// @ts-check
/** @import { LabInfo } from '../lab/types.ts' */
import { execa } from 'execa'

/**
 * What a host and the API had at one moment, a line a thing: `master-1 /etc/etcd.env` → owner, mode and sum;
 * `api ConfigMap kube-system/kube-proxy` → its content; `master-1 process kubelet` → since when it runs.
 * @typedef {ReadonlyMap<string, string>} Snapshot
 */

const folders =
  '/etc /usr/local /opt/cni /opt/kubernetes /root/.kube /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env'

// What the machine itself writes, what kubectl remembers, and certificates of authorities that came with packages.
const notTheirs =
  "-path /etc/mtab -o -path '/etc/ssl/certs/*' -o -path '/etc/.pwd.lock' -o -path '/etc/ld.so.cache' -o -path /root/.kube/cache"

const hostScript = `find ${folders} -xdev \\( ${notTheirs} \\) -prune -o \\( -type f -o -type l \\) -printf '%p\\t%u:%g %m %y %l\\n' 2>/dev/null | LC_ALL=C sort
echo ==
find ${folders} -xdev \\( ${notTheirs} \\) -prune -o -type f -print0 2>/dev/null | xargs -0 sha256sum
echo ==
for unit in kubelet etcd docker containerd nginx haproxy keepalived; do
  [ "$(systemctl is-active $unit)" != active ] || echo "$unit $(systemctl show -p ExecMainStartTimestampMonotonic --value $unit)"
done
if command -v crictl >/dev/null; then crictl ps -o json | jq -r '.containers[] | .metadata.name + "_" + .labels["io.kubernetes.pod.name"] + " " + .id'; fi
command -v docker >/dev/null && docker ps --no-trunc --format '{{.Names}} {{.ID}}' | grep -v '^k8s_POD' | sed 's/^k8s_\\([^_]*\\)_\\([^_]*\\)_[^ ]*/\\1/'
`

/** @param {LabInfo} lab @returns {Promise<Snapshot>} */
export async function snapshot(lab) {
  const hosts = lab.hosts.map(async ({ name, container }) => {
    const run = await execa('docker', ['exec', container, 'sh', '-c', hostScript], { reject: false })
    return run.exitCode === 0 || run.stdout !== '' ? hostLines(name, run.stdout) : []
  })
  return new Map([...(await Promise.all(hosts)).flat(), ...(await apiLines(lab))])
}

/** @param {string} host @param {string} text @returns {readonly (readonly [string, string])[]} */
function hostLines(host, text) {
  const [files = '', sums = '', processes = ''] = text.split('==\n')
  const sumOf = new Map(sums.split('\n').map(line => [line.slice(66), line.slice(0, 64)]))
  return [
    ...lines(files).map(line => {
      const [path = '', about = ''] = line.split('\t')
      return /** @type {const} */ ([`${host} ${path}`, `${about} ${sumOf.get(path) ?? ''}`])
    }),
    ...lines(processes).map(line => {
      const [name = '', since = ''] = line.split(' ')
      return /** @type {const} */ ([`${host} process ${name}`, since])
    }),
  ]
}

/** @param {string} text */
const lines = text => text.split('\n').filter(line => line !== '')

const kinds = [
  ...['configmaps', 'services', 'serviceaccounts', 'deployments', 'daemonsets', 'roles', 'rolebindings'],
  ...['clusterroles', 'clusterrolebindings', 'nodes'],
]

/** @param {LabInfo} lab @returns {Promise<readonly (readonly [string, string])[]>} */
async function apiLines(lab) {
  for (const { container } of lab.hosts) {
    const words = [
      'exec',
      container,
      'sh',
      '-c',
      `kubectl --kubeconfig /etc/kubernetes/admin.conf get ${kinds.join(',')} -A -o json`,
    ]
    const run = await execa('docker', words, { reject: false })
    if (run.exitCode !== 0) continue
    return JSON.parse(run.stdout).items.flatMap(objectLines)
  }
  return []
}

/**
 * One line an object, and one a key of what a ConfigMap holds: `api ConfigMap kube-system/kube-proxy kubeconfig.conf`.
 * @param {Record<string, any>} item
 * @returns {readonly (readonly [string, string])[]}
 */
export function objectLines({ kind, metadata, status: _, data = {}, ...content }) {
  const { namespace = '', name, labels, annotations } = metadata
  const key = `api ${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
  return [
    [key, JSON.stringify({ labels, annotations: steady(annotations), ...content })],
    ...Object.entries(data).map(([part, text]) => /** @type {const} */ ([`${key} ${part}`, String(text)])),
  ]
}

/** Who leads is renewed all the time. @param {Record<string, string> | undefined} annotations */
const steady = annotations =>
  Object.fromEntries(
    Object.entries(annotations ?? {}).filter(([name]) => !/leader|deployment.kubernetes.io/.test(name)),
  )

/**
 * What is new, gone or another: `+ host path`, `- host path`, `~ host path`.
 * @param {Snapshot} before
 * @param {Snapshot} after
 */
export function changed(before, after) {
  const gone = [...before.keys()].filter(key => !after.has(key)).map(key => `- ${key}`)
  const other = [...after].flatMap(([key, value]) =>
    before.has(key) ? (before.get(key) === value ? [] : [`~ ${key}`]) : [`+ ${key}`],
  )
  return [...gone, ...other].sort((a, b) => (a.slice(2) < b.slice(2) ? -1 : 1))
}
