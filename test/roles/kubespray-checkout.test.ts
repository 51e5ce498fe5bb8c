import { test } from 'uvu'
import { equal, is, match } from 'uvu/assert'
import { kubesprayCheckout } from '../../roles/lib/kubespray/index.ts'

// Checkouts as far as they are looked at: names of files, and what galaxy.yml says.
const folder = (paths: readonly string[], galaxy: string | undefined) => ({
  read: (path: string) => (path === 'galaxy.yml' ? galaxy : undefined),
  list: (path: string) =>
    [
      ...new Set(
        paths.filter(each => each.startsWith(`${path}/`)).map(each => each.slice(path.length + 1).split('/')[0] ?? ''),
      ),
    ].sort(),
})
const galaxy = (version: string) =>
  `---\nnamespace: kubernetes_sigs\nname: kubespray\nversion: ${version}\nreadme: README.md\n`
const look = (paths: readonly string[], text: string | undefined) => kubesprayCheckout.look(folder(paths, text))
const old = [
  'roles/kubespray-defaults/defaults/main/checksums.yml',
  'roles/kubespray-defaults/defaults/main/download.yml',
  'roles/kubespray-defaults/defaults/main/main.yml',
  'roles/kubespray-defaults/vars/main.yml',
  'roles/kubernetes/control-plane/defaults/main/etcd.yml',
  'roles/kubernetes/control-plane/defaults/main/main.yml',
  'roles/kubernetes/node/defaults/main.yml',
  'roles/etcd/defaults/main.yml',
]
const recent = [
  'roles/kubespray_defaults/defaults/main/main.yml',
  'roles/kubespray_defaults/defaults/main/.hidden.yml',
  'roles/kubespray_defaults/defaults/main/main.yml~',
  'roles/kubespray_defaults/vars/main/checksums.yml',
  'roles/kubespray_defaults/vars/main/main.yml',
  'roles/etcd_defaults/defaults/main.yml',
  'roles/etcd_defaults/vars/main.yml',
  'roles/kubernetes-apps/helm/defaults/main.yml',
  'roles/upgrade/pre-upgrade/defaults/main.yml',
]

test('its release is told by galaxy.yml, and the role that all plays begin with comes last', () => {
  const found = look(old, galaxy('2.25.2'))
  equal(found?.label, 'kubespray 2.25.2')
  // Here they name the folders of another etcd, or count where an inventory sets them: no member goes to another
  // version for them; and URLs of programs need no facts.
  equal(found?.forTemplates, [
    'etcd_access_address',
    'etcd_config_dir',
    'etcd_data_dir',
    'etcd_version',
    'etcd_image_tag',
    'etcd_download_url',
    'kubeadm_download_url',
    'kubelet_download_url',
    'kubectl_download_url',
    'containerd_download_url',
    'runc_download_url',
    'crictl_download_url',
    'nerdctl_download_url',
    'cni_download_url',
  ])
  equal(found?.files, [
    'roles/kubernetes/node/defaults/main.yml',
    'roles/kubernetes/control-plane/defaults/main/etcd.yml',
    'roles/kubernetes/control-plane/defaults/main/main.yml',
    'roles/etcd/defaults/main.yml',
    'roles/kubespray-defaults/defaults/main/checksums.yml',
    'roles/kubespray-defaults/defaults/main/download.yml',
    'roles/kubespray-defaults/defaults/main/main.yml',
    'roles/kubespray-defaults/vars/main.yml',
  ])
})

test('so it is under the names of later releases; add-ons, hidden files and copies are left out', () =>
  equal(look(recent, galaxy('2.32.0'))?.files, [
    'roles/etcd_defaults/defaults/main.yml',
    'roles/upgrade/pre-upgrade/defaults/main.yml',
    'roles/kubespray_defaults/defaults/main/main.yml',
    'roles/kubespray_defaults/vars/main/checksums.yml',
    'roles/kubespray_defaults/vars/main/main.yml',
  ]))

test('a folder without galaxy.yml, or with that of another collection, is no checkout', () => {
  is(look(recent, undefined), undefined)
  is(look(recent, galaxy('2.28.0').replace('kubespray', 'other')), undefined)
})

for (const [version, isKnown] of [
  ['2.24.3', false],
  ['2.25.0', true],
  ["'2.32.1'", true],
  ['2.33.0', false],
  ['3.1.0', false],
] as const)
  test(`release ${version} is ${isKnown ? 'known' : 'not known, and the reason names those that are'}`, () => {
    const found = look(recent, galaxy(version))
    is(found?.wrong === undefined, isKnown)
    if (!isKnown) match(found?.wrong ?? '', 'known are 2.25 to 2.32')
  })

test('one whose roles are not there can not be used', () =>
  match(look(['playbooks/cluster.yml'], galaxy('2.28.0'))?.wrong ?? '', 'roles with the defaults are not there'))

test.run()
