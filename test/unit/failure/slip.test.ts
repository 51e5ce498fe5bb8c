import fc from 'fast-check'
import { test } from 'uvu'
import { equal, ok } from 'uvu/assert'
import { namesToCompare, slipsOf } from '../../../engine/failure/index.ts'

const known = [
  'kube_version',
  'kube_apiserver_port',
  'loadbalancer_apiserver_port',
  'drain_grace_period',
  'upgrade_node_always_cordon',
  'upgrade_node_confirm',
  'bin_dir',
  'http_proxy',
  'https_proxy',
  'dns_mode',
  'node_ip',
  'calico_ip_auto_method',
  'containerd_version',
  'kube_pods_subnet_ipv6',
  'ip',
  'bind',
  'kube_region_a',
]
const names = namesToCompare(known)

for (const [name, ...meant] of [
  // What hands do: swap, double, leave out, add, hit the key beside.
  ['kube_verison', 'kube_version'],
  ['kueb_version', 'kube_version'],
  ['kube_versionn', 'kube_version'],
  ['kube_vrsion', 'kube_version'],
  ['kube_bersion', 'kube_version'],
  ['kube_apiserver_prt', 'kube_apiserver_port'],
  ['loadbalancer_apisrver_pot', 'loadbalancer_apiserver_port'],
  ['bin_dri', 'bin_dir'],
  ['bin_dirr', 'bin_dir'],
  ['node_ipp', 'node_ip'],
  ['loadbalanzer_apiserber_port', 'loadbalancer_apiserver_port'],
  ['httpss_proxy', 'https_proxy', 'http_proxy'],
  ['http_prox', 'http_proxy', 'https_proxy'],
  ['containred_versoin'],
  ['contanerd_verson', 'containerd_version'],
  // Other ways to write words together.
  ['kube-version', 'kube_version'],
  ['kubeVersion', 'kube_version'],
  ['kubeversion', 'kube_version'],
  ['kubeapiserver_prt', 'kube_apiserver_port'],
  ['KUBE_VERSION', 'kube_version'],
  // The beginning of others before a known one.
  ['upgrade_node_drain_grace_period', 'drain_grace_period'],
  ['upgrade_node_drain_grace_periodd', 'drain_grace_period'],
  ['upgrade_node_kube_version'],
  ['my_own_drain_grace_period'],
  ['containerd_drain_grace_period'],
  // Names of somebody else's.
  ['kube_version'],
  ['kube_version_b'],
  ['old_kube_version'],
  ['b_kube_version'],
  ['kube_version2'],
  ['kubeversion2'],
  ['kube_pod_subnet_ipv4'],
  ['bindd'],
  ['kube_pods_subnet_ipv4'],
  ['calico_my_auto_method'],
  ['node_id'],
  ['app_dir'],
  ['dns_node', 'dns_mode'],
  ['dns_code', 'dns_mode'],
  ['kube_region'],
  ['kub_versiom_'],
  ['ipp'],
  ['kube'],
] as const)
  test(`${name} is ${meant.length > 0 ? `taken for ${meant.join(' or ')}` : 'no slip'}`, () => {
    equal(slipsOf(name, names), meant)
  })

test('one letter left out, added or swapped with its neighbour is a slip of every longer word', () => {
  const long = known.filter(name => !/[0-9]/.test(name) && name.length > 8)
  const typing = fc.record({
    name: fc.constantFrom(...long),
    word: fc.nat(),
    at: fc.nat(),
    how: fc.constantFrom('less', 'more', 'swap'),
  })
  fc.assert(
    fc.property(typing, ({ name, word, at, how }) => {
      const words = name.split('_')
      const long = words.flatMap((each, index) => (each.length >= 4 ? [index] : []))
      const chosen = long[word % long.length] ?? 0
      const text = words[chosen] ?? ''
      const place = 1 + (at % (text.length - 2))
      const [before, here = '', next = ''] = [text.slice(0, place), text[place], text[place + 1]]
      const after = text.slice(place + 1)
      const made =
        how === 'less'
          ? before + after
          : how === 'more'
            ? `${before}x${here}${after}`
            : before + next + here + after.slice(1)
      const typed = words.with(chosen, made).join('_')
      ok(known.includes(typed) || slipsOf(typed, names).includes(name), `${typed}: ${slipsOf(typed, names)}`)
    }),
    { numRuns: 2000 },
  )
})

test('a name is never taken for itself, and a short one for nothing', () => {
  fc.assert(fc.property(fc.constantFrom(...known), name => equal(slipsOf(name, names).includes(name), false)))
  fc.assert(fc.property(fc.stringMatching(/^[a-z_]{1,4}$/), name => equal(slipsOf(name, names), [])))
})

test.run()
