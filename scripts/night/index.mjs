// @ts-check
/** @import { LabInfo, LabOptions } from '../lab/types.ts' */
/** @import { OnFailure } from '../probe/agent.mjs' */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { sleep } from 'zx'
import { kubeVersions } from '../lab/index.mjs'
import { containerOf } from '../lab/runtime.mjs'
import { asAdministrator, renderTable, startProbe, verdict } from '../probe/index.mjs'
import { nodePort, replicas, workload } from './workload.mjs'

export { bound, replicas } from './workload.mjs'

/**
 * A cluster in kubespray's layout that is upgraded in one night, while clients ask its API and its workload. Its hosts
 * have two container runtimes, as those of a cluster that goes over from one to the other: masters too.
 * @type {LabOptions & { readonly layout: string }}
 */
export const nightLab = {
  layout: 'kubespray-2.28',
  ...{ masters: 3, nodes: 4, spareMasters: 0, spareNodes: 0 },
  runtime: 'docker',
  runtimes: { 'master-3': 'containerd', 'node-3': 'containerd', 'node-4': 'containerd' },
}

/**
 * @param {LabInfo} lab
 * @param {string} words
 * @param {string} [input]
 */
export async function kubectl(lab, words, input) {
  const call = `kubectl --kubeconfig /etc/kubernetes/admin.conf ${words}`
  const options = input === undefined ? {} : { input }
  return (await execa('docker', ['exec', '-i', containerOf(lab, 'master-1'), 'sh', '-c', call], options)).stdout
}

/** @param {LabInfo} lab @param {readonly object[]} objects */
export const apply = (lab, objects) =>
  kubectl(lab, 'apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))

/** The workload, with all of its pods. @param {LabInfo} lab */
export async function startWorkload(lab) {
  await apply(lab, workload(nightLab.layout))
  await kubectl(lab, 'rollout status deployment/web --timeout=120s')
}

/** The inventory asks for the newer version from now on. @param {LabInfo} lab */
export async function raiseVersion(lab) {
  const [, next = ''] = kubeVersions()
  const file = join(lab.files.inventoryDir, 'group_vars/k8s_cluster/k8s-cluster.yml')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace(/^kube_version: .*$/m, `kube_version: ${next.replace(/^v/, '')}`))
}

const webKinds = ['new /', 'kept /']

/**
 * Clients of the API, through the proxy of every worker, and of the workload, at its port on every worker and on a
 * master; and somebody who looks how many of its pods there are, and how many nodes are not Ready.
 * @param {LabInfo} lab
 * @param {{ rate?: number, onFailure?: OnFailure }} [options] rate: requests per second of each path and kind
 */
export async function startClients(lab, { rate = 10, onFailure } = {}) {
  const workers = lab.hosts.filter(({ group }) => group === 'node')
  const doors = [...workers, ...lab.hosts.filter(({ name }) => name === 'master-1')]
  const more = onFailure === undefined ? {} : { onFailure }
  const administrator = await asAdministrator(lab)
  const [api, web] = await Promise.all([
    startProbe({
      paths: workers.map(({ name, container }) => ({ name: `API ${name}`, container, url: 'https://127.0.0.1:6443' })),
      ...{ ...administrator, rate, ...more },
    }),
    startProbe({
      paths: doors.map(({ name, ip }) => ({ name: `web ${name}`, url: `http://${ip}:${nodePort}` })),
      ...{ kinds: webKinds, rate, ...more },
    }),
  ])
  const watch = watchNodes(lab)
  return {
    /** The figures; an agent that died is an error. */
    async stop() {
      const seen = await watch.stop()
      const [apiRows, webRows] = [await api.stop(), await web.stop()]
      return {
        ...seen,
        table: renderTable([...apiRows, ...webRows]),
        api: figures(apiRows),
        web: figures(webRows, true),
      }
    },
  }
}

/**
 * @param {Parameters<typeof verdict>[0]} rows
 * @param {boolean} [strict] kept connections count too: what ends an API server has to close its own
 */
function figures(rows, strict = false) {
  const { requests, failures, silent } = verdict(rows, { strict })
  const counted = rows.filter(row => strict || row.kind.startsWith('new '))
  return { requests, failures, silent, longestGapMs: Math.max(...counted.map(({ longestGapMs }) => longestGapMs)) }
}

/**
 * The pods of the workload and the nodes, as the API has them.
 * @param {LabInfo} lab
 */
function watchNodes(lab) {
  const jsonpath =
    '{range .items[*]}{.kind} {.status.availableReplicas}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'
  let [fewest, mostOut, over] = [replicas, 0, false]
  const watching = (async () => {
    while (!over) {
      const text = await kubectl(lab, `get deployments,nodes -o 'jsonpath=${jsonpath}' 2>/dev/null`).catch(() => '')
      // None is no number there.
      const [, available] = /^Deployment (\d*)$/m.exec(text) ?? []
      if (available !== undefined) fewest = Math.min(fewest, Number(available))
      mostOut = Math.max(mostOut, [...text.matchAll(/^Node (?:False|Unknown)$/gm)].length)
      await sleep(1000)
    }
  })()
  return {
    async stop() {
      over = true
      await watching
      return { fewest, mostOut }
    },
  }
}
