import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, is, match } from 'uvu/assert'
import { loadInventory } from '../../engine/inventory/index.ts'
import { readVar, withTold } from '../../engine/values/index.ts'
import { kubesprayInventory } from '../../roles/lib/cluster/kubespray-inventory.ts'
import { filesOf, marksText, releaseOnHosts, releasesBetrayed } from '../../roles/lib/kubespray/betrayed.ts'

// What of each release's files tells it apart, as its templates write it on a master; the Kubernetes beside it is the
// release's own default.
interface Written {
  readonly kubelet: readonly string[]
  readonly renew: readonly string[]
  readonly kubernetes?: string
}
const since25 = ['staticPodPath: /etc/kubernetes/manifests', 'address: 192.168.56.11', 'clusterDomain: cluster.local']
const since26 = [...since25, 'maxParallelImagePulls: 1']
const since27 = [...since26, 'containerRuntimeEndpoint : unix:///var/run/containerd/containerd.sock']
const since28 = since27.map(line => line.replace(/^(address: )(.*)/, '$1"$2"'))
const in29And30 = since28.map(line => line.replace(/^(staticPodPath: )(.*)/, '$1"$2"'))
const renewed = ['echo "## Expiration before renewal ##"', '/usr/local/bin/kubeadm certs renew all']
const checked = ['days_buffer=7 # a margin', 'next_time=$(systemctl show k8s-certs-renew.timer)', ...renewed]
const byCalendar = ['days_buffer=7', 'next_time=$(LC_ALL=C systemd-analyze calendar "Mon *-*-1")', ...renewed]

const releases: readonly (Written & { readonly is: readonly number[]; readonly what: string })[] = [
  { what: 'of 2.25', kubelet: since25, renew: renewed, kubernetes: 'v1.29.10', is: [25] },
  { what: 'of 2.25 or before', kubelet: since25, renew: renewed, kubernetes: 'v1.28.6', is: [24, 25] },
  { what: 'of 2.16', kubelet: since25, renew: renewed, kubernetes: 'v1.20.2', is: [24, 25] },
  { what: 'of 2.26', kubelet: since26, renew: renewed, kubernetes: 'v1.30.6', is: [26] },
  { what: 'of 2.27', kubelet: since27, renew: renewed, kubernetes: 'v1.31.9', is: [27] },
  { what: 'of 2.28', kubelet: since28, renew: renewed, kubernetes: 'v1.32.8', is: [28] },
  { what: 'of 2.29, Kubernetes 1.31', kubelet: in29And30, renew: checked, kubernetes: 'v1.31.13', is: [29] },
  { what: 'of 2.29 or 2.30', kubelet: in29And30, renew: checked, kubernetes: 'v1.33.7', is: [29, 30] },
  { what: 'of 2.30, Kubernetes 1.34', kubelet: in29And30, renew: checked, kubernetes: 'v1.34.3', is: [30] },
  { what: 'of 2.31', kubelet: [...since28, 'failCgroupV1: True'], renew: checked, kubernetes: 'v1.35.4', is: [31] },
  { what: 'of 2.31, Kubernetes 1.33', kubelet: since28, renew: checked, kubernetes: 'v1.33.11', is: [31] },
  { what: 'of 2.32', kubelet: [...since28, 'failCgroupV1: True'], renew: byCalendar, kubernetes: 'v1.36.1', is: [32] },
  {
    what: 'of 2.28 with a Kubernetes of other origin',
    kubelet: since28,
    renew: renewed,
    kubernetes: 'v1.20.2',
    is: [28],
  },
  { what: 'without a configuration of kubeadm', kubelet: since28, renew: checked, is: [31] },
  { what: 'that contradict each other', kubelet: since25, renew: byCalendar, kubernetes: 'v1.32.8', is: [] },
]

/** What the program prints on a master with these files. */
async function printed({ kubelet, renew, kubernetes }: Written, shell = 'sh'): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'rota-betrayed-'))
  const files = filesOf(name => ({ kube_config_dir: `${dir}/it's`, bin_dir: `${dir}/bin` })[name])
  try {
    for (const name of ["it's", 'bin']) mkdirSync(join(dir, name))
    if (kubelet.length > 0) writeFileSync(files.config, `kind: KubeletConfiguration\n${kubelet.join('\n')}\n`)
    writeFileSync(files.env, 'KUBELET_ARGS=""\n')
    if (renew.length > 0) writeFileSync(files.script, `#!/bin/bash\n${renew.join('\n')}\n`)
    if (kubernetes)
      writeFileSync(files.kubeadm, `bootstrapTokens:\n- token: "abcdef.s3cret"\nkubernetesVersion: ${kubernetes}\n`)
    const { stdout } = await execa(shell, ['-c', marksText(files)])
    return stdout.replaceAll(dir, '')
  } finally {
    rmSync(dir, { recursive: true })
  }
}

for (const { what, is: expected, ...written } of releases)
  test(`files ${what} tell ${expected.length === 0 ? 'nothing' : expected.map(minor => `2.${minor}`).join(' to ')}`, async () =>
    equal(releasesBetrayed(await printed(written))?.releases, expected))

test('nothing else of the files is printed', async () => {
  const written = { kubelet: since27, renew: checked, kubernetes: 'v1.31.9' }
  for (const shell of ['sh', 'bash'])
    equal((await printed(written, shell)).split('\n'), [
      "file /it's/kubelet-config.yaml",
      'staticPodPath: /',
      'address: 1',
      'maxParallelImagePulls',
      'containerRuntimeEndpoint',
      'file /bin/k8s-certs-renew.sh',
      'days_buffer',
      'kubernetes 1.31',
    ])
})

test('a script that is elsewhere leaves more releases possible', async () =>
  equal(releasesBetrayed(await printed({ kubelet: since28, renew: [] }))?.releases, [28, 31, 32]))

test('a host without a kubelet of kubespray tells nothing', async () => {
  is(await printed({ kubelet: [], renew: checked, kubernetes: 'v1.31.9' }), '')
  is(releasesBetrayed(''), undefined)
})

const look = async (masters: Readonly<Record<string, Written | undefined>>) => {
  const texts = await Promise.all(
    Object.entries(masters).map(async ([host, files]) => [host, files ? await printed(files) : ''] as const),
  )
  return releaseOnHosts.look(new Map(texts))
}
const of28 = { kubelet: since28, renew: renewed, kubernetes: 'v1.32.8' }
const of29 = { kubelet: in29And30, renew: checked, kubernetes: 'v1.31.13' }

test('what masters agree about counts, and who told it by which files', async () => {
  const found = await look({ new: undefined, m1: of28, m2: of28 })
  is(found?.version, '2.28')
  match(found?.label ?? '', 'kubespray 2.28, as far as Rota knows it, told by m1, m2 (')
  match(found?.label ?? '', "/it's/kubelet-config.yaml, /bin/k8s-certs-renew.sh")
  is(found?.without, undefined)
})

test('where they differ, what their releases have in common counts', async () => {
  const found = await look({ m1: of29, m2: of28 })
  match(found?.label ?? '', 'kubespray 2.28 to 2.29, as far as Rota knows them')
  match(found?.without?.join() ?? '', /releases\/2\.29\.yml$/)
})

test('a default in which they differ has no value', async () => {
  const found = await look({ m1: of29, m2: of28 })
  const loaded = await loadInventory({ sources: ['m1,'], ...kubesprayInventory })
  const { inventory } = found ? withTold(loaded, releaseOnHosts, found) : { inventory: loaded }
  const [host] = inventory.hosts.values()
  const values = ['nginx_image_tag', 'etcd_snapshot_count'].map(name => host && readVar(inventory, host, name))
  equal(values, [undefined, '100000'])
})

test('releases before the oldest that is known, and files that contradict each other, are told and do not count', async () => {
  match(
    (await look({ m1: { ...of28, kubelet: since25, kubernetes: 'v1.27.3' } }))?.wrong ?? '',
    'known are 2.25 to 2.32',
  )
  match(
    (await look({ m1: { ...of28, kubelet: since25, renew: byCalendar }, m2: of28 }))?.wrong ?? '',
    'of no one release',
  )
})

test('masters that are not kubespray’s tell nothing', async () => is(await look({ m1: undefined }), undefined))

test.run()
