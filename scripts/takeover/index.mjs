// @ts-check
/** @import { LabInfo } from '../lab/types.ts' */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { addMaster, kubeVersions, labInfo, removeFromGroup, removeMaster } from '../lab/index.mjs'
import { asAdministrator, renderTable, startProbe } from '../probe/index.mjs'
import { changed, snapshot } from './snapshot.mjs'

/**
 * What an operator does with a cluster that kubespray made. Each leaves the cluster as the next one finds it.
 * @typedef {(lab: LabInfo) => Promise<readonly Run[]>} Operation runs of Rota, one after the other
 * @typedef {Readonly<{
 *   playbook: string, args: readonly string[], refusal?: RegExp, before?: (lab: LabInfo) => void
 * }>} Run refusal: it has to fail, and say this
 */

const noTag = '0.0-nobody'
const noImage = /image \S+:0\.0-nobody is not on this host and could not be fetched/

/** Who becomes a master, and a worker again. */
const worker = 'node-2'

/** @type {Readonly<Record<string, Operation>>} */
export const operations = {
  'check-ha': async () => [run('check-ha')],
  'check and diff': async () => [run('upgrade', '--check', '--diff')],
  // What serves goes on, whichever proxy it is and whichever is to come.
  'an image that nobody has': async () => [
    { ...run('upgrade', '--tags', 'nginx', '-e', `nginx_image_tag=${noTag}`), refusal: noImage },
    {
      ...run(
        'upgrade',
        '--tags',
        'haproxy-proxy',
        '-e',
        'loadbalancer_apiserver_type=haproxy',
        '-e',
        `haproxy_image_tag=${noTag}`,
      ),
      refusal: noImage,
    },
  ],
  'take over': async () => [run('upgrade')],
  upgrade: async lab => {
    const [, next = ''] = kubeVersions()
    edit(join(lab.files.inventoryDir, 'group_vars/k8s_cluster/k8s-cluster.yml'), text =>
      text.replace(/^kube_version: .*$/m, `kube_version: ${next.replace(/^v/, '')}`),
    )
    return [run('upgrade')]
  },
  add: async lab => {
    edit(lab.files.inventory, text => addMaster(text, spareMaster(lab)))
    return [run('upgrade')]
  },
  'remove the first': async () => [run('remove-master', '-e', 'node=master-1')],
  'replace the first': async lab => {
    edit(lab.files.inventory, text => addMaster(removeMaster(text, 'master-1'), 'master-1'))
    return [run('replace-master', '-e', 'node=master-2', '-e', 'by=master-1'), upgradeWithout('master-2')]
  },
  'replace a dead one': async lab => {
    edit(lab.files.inventory, text => addMaster(text, 'master-2'))
    const dead = lab.hosts.find(({ name }) => name === 'master-3')
    await execa('docker', ['stop', '-t', '1', dead?.container ?? ''])
    return [
      run('replace-master', '-e', 'node=master-3', '-e', 'by=master-2', '-e', 'gone=true'),
      upgradeWithout('master-3'),
    ]
  },
  // It is named before all others, who serve already.
  'a worker becomes a master': async lab => {
    await bringImages(lab, 'master-4', worker)
    edit(lab.files.inventory, text => text.replace('[kube_control_plane]\n', `[kube_control_plane]\n${worker}\n`))
    return [run('upgrade')]
  },
  'a master becomes a worker': async () => [
    run('remove-master', '-e', `node=${worker}`),
    { ...run('upgrade'), before: noMaster },
  ],
}

/**
 * Whose own port goes from its proxy to its API server, or back: what asks there on that host is without an answer for
 * as long, and counts by itself.
 * @type {Readonly<Record<string, string>>}
 */
const handsOver = { 'a worker becomes a master': worker, 'a master becomes a worker': worker }

/**
 * Images of the daemons, which a registry would have: from a master to a worker.
 * @param {LabInfo} lab
 * @param {string} from
 * @param {string} to
 */
async function bringImages(lab, from, to) {
  const containers = [from, to].map(host => lab.hosts.find(({ name }) => name === host)?.container ?? '')
  const script = `for image in kube-apiserver kube-controller-manager kube-scheduler; do for version in ${kubeVersions().join(' ')}; do
  of=k8s.gcr.io/$image:$version
  if docker exec "$1" docker image inspect "$of"; then docker exec "$1" docker save "$of" | docker exec -i "$2" docker load
  else docker exec "$1" ctr -n k8s.io images export - "$of" | docker exec -i "$2" ctr -n k8s.io images import -; fi || exit 1
done; done >/dev/null 2>&1`
  await execa('sh', ['-c', script, 'sh', ...containers])
}

/** @param {LabInfo} lab */
const noMaster = lab => edit(lab.files.inventory, text => removeFromGroup(text, worker, 'kube_control_plane'))

/**
 * Which master comes and which leaves, in a lab of three masters and one spare.
 * @type {Readonly<Record<string, Readonly<Record<string, string>>>>}
 */
export const comesAndGoes = {
  add: { new: 'master-4' },
  'remove the first': { gone: 'master-1' },
  'replace the first': { new: 'master-1', gone: 'master-2' },
  'replace a dead one': { new: 'master-2', gone: 'master-3' },
  'a worker becomes a master': { new: worker },
  'a master becomes a worker': { gone: worker },
}

/**
 * The line of one that was replaced is taken out, and nothing is left to do.
 * @param {string} gone
 * @returns {Run}
 */
const upgradeWithout = gone => ({
  ...run('upgrade'),
  before: lab => edit(lab.files.inventory, text => removeMaster(text, gone)),
})

/** @param {LabInfo} lab */
const spareMaster = lab => lab.hosts.find(({ group }) => group === 'spare-master')?.name ?? ''

/** @param {string} playbook @param {...string} args @returns {Run} */
const run = (playbook, ...args) => ({ playbook, args })

/** @param {string} file @param {(text: string) => string} change */
const edit = (file, change) => writeFileSync(file, change(readFileSync(file, 'utf8')))

/**
 * Carries one out while clients ask through every node's proxy, and says what became of them and of everything that was
 * there before.
 * @param {string} labName
 * @param {string} name
 */
export async function carryOut(labName, name) {
  const lab = await labInfo(labName)
  const before = await snapshot(lab)
  const operation = operations[name]
  if (operation === undefined) throw new Error(`no operation ${name}; there are ${Object.keys(operations).join(', ')}`)
  // What has happened before the operator begins, such as a death, costs clients their requests under way: not counted.
  const steps = await operation(lab)
  /** @type {string[]} */
  const failures = []
  const probe = await startProbe({
    paths: lab.hosts
      .filter(({ group }) => group === 'node')
      .map(({ name: path, container }) => ({ name: path, container, url: 'https://127.0.0.1:6443' })),
    ...(await asAdministrator(lab)),
    rate: 10,
    onFailure: ({ path, kind, reason, at }) => failures.push(`${at.toISOString()} ${path} ${kind}: ${reason}`),
  })
  /** @type {{ playbook: string, exitCode: number, output: string, asWanted: boolean }[]} */
  const runs = []
  try {
    for (const { playbook, args, refusal, before: prepare } of steps) {
      prepare?.(lab)
      const words = ['node_modules/zx/build/cli.js', `playbooks/${playbook}.mjs`, '-i', lab.files.inventory, ...args]
      const { exitCode = -1, all: output = '' } = await execa('node', words, { reject: false, all: true })
      const asWanted = refusal === undefined ? exitCode === 0 : exitCode !== 0 && refusal.test(output)
      runs.push({ playbook, exitCode, output, asWanted })
      if (!asWanted) break
    }
  } finally {
    await probe.stop()
  }
  const all = probe.table()
  const rows = all.filter(({ path }) => path !== handsOver[name])
  const own = all.filter(({ path }) => path === handsOver[name])
  const changes = changed(before, await snapshot(lab))
  return {
    name,
    runs,
    failures,
    table: renderTable(all),
    changes,
    requests: sum(rows.map(row => row.requests)),
    failed: sum(rows.filter(row => row.kind.startsWith('new ')).map(row => row.failures)),
    longestGap: longestOf(rows),
    handover: own.length === 0 ? undefined : longestOf(own),
    restarts: changes.filter(line => /^~ \S+ process /.test(line)).length,
    files: changes.filter(line => /^. \S+ \//.test(line)).length,
  }
}

/** @param {ReturnType<Awaited<ReturnType<typeof startProbe>>['table']>} rows */
const longestOf = rows => Math.max(...rows.map(row => row.longestGapMs ?? 0))

/** The operations as a table. @param {readonly Awaited<ReturnType<typeof carryOut>>[]} rows */
export function renderRows(rows) {
  const head = ['operation', 'requests', 'failed', 'longest gap', 'restarts', 'files changed']
  const cells = rows.map(row => [
    row.name,
    ...[row.requests, row.failed, gapsOf(row), row.restarts, row.files].map(String),
  ])
  return [head, head.map(() => '---'), ...cells].map(row => `| ${row.join(' | ')} |`).join('\n')
}

/** @param {Readonly<{ longestGap: number, handover: number | undefined }>} row */
const gapsOf = ({ longestGap, handover }) =>
  `${longestGap} ms${handover === undefined ? '' : ` (${handover} ms on ${worker} itself)`}`

/** @param {readonly number[]} numbers */
const sum = numbers => numbers.reduce((all, one) => all + one, 0)
