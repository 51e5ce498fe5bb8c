import { facts, type HostView, type InventoryView, type Step, sh, step } from 'rota'
import { kubectlWords } from '../../lib/cluster/kubectl.ts'
import { servedNames } from '../credentials/certificates.ts'
import type { Params } from '../daemons/daemons.ts'
import { missingNames } from '../names.ts'
import { phaseConfig } from './config.ts'
import { changeClusterConfig, sansIn } from './config-map.ts'
import { kubeadmWithConfig, lastLines } from './program.ts'
import { clusterConfig, textOf } from './seen.ts'

/**
 * The cluster's own configuration has every name that clients use: the certificate of a master that joins is made by
 * it.
 */
export const configNamesAll = (params: Params, inventory: InventoryView): Step => {
  // Of a master's own addresses kubeadm knows.
  const { needed } = servedNames(params, inventory, [])
  const wanted = [...needed.names, ...needed.addresses]
  return step({
    title: 'the configuration of the cluster has every name',
    facts: { config: clusterConfig(params) },
    needed: ({ config }) => {
      if (config.exitCode !== 0) return false
      const missing = without(wanted, sansIn(config.stdout))
      return missing.length > 0 && `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`
    },
    run: async ({ $ }) => {
      await addNames({ $, words: kubectlWords(params) }, params, inventory)
      return {}
    },
  })
}

/** Adds all names that a certificate is made with. */
export async function addNames(
  kubectl: Parameters<typeof changeClusterConfig>[0],
  params: Params,
  inventory: InventoryView,
): Promise<void> {
  const { names, addresses } = servedNames(params, inventory, [])
  await changeClusterConfig(kubectl, ({ ClusterConfiguration: config }) => {
    const present = config.apiServer?.certSANs ?? []
    config.apiServer = { ...config.apiServer, certSANs: [...present, ...without([...names, ...addresses], present)] }
  })
}

const without = (wanted: readonly string[], present: readonly string[]): readonly string[] => {
  const known = new Set(present.map(name => name.toLowerCase()))
  return wanted.filter(name => !known.has(name.toLowerCase()))
}

/**
 * A certificate without a name that clients use is made anew by kubeadm, in a directory beside, and put in its place by
 * the same program: there is no moment in which an API server that starts would find none. The API server restarts.
 */
export const certificateNamesAll = (params: Params, host: HostView, inventory: InventoryView): Step => {
  const pki = `${params.kubeConfigDir}/pki`
  const beside = `${pki}/.rota-new`
  const missing = (pem: string): readonly string[] =>
    missingNames(servedNames(params, inventory, [host]).needed, pem === '' ? undefined : pem)
  return step({
    title: "the API server's certificate has every name",
    notify: ['kube-apiserver'],
    facts: {
      pem: facts.path({ path: `${pki}/apiserver.crt`, content: true }),
      // kubespray's own place. Its `pki` is a link to it, in a folder that its user `kube` may write to: not followed.
      theirs: facts.path({ path: `${params.kubeConfigDir}/ssl/apiserver.crt`, content: true }),
    },
    needed: ({ pem, theirs }) => {
      const names = missing(textOf(pem) || textOf(theirs))
      return names.length > 0 && `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} missing`
    },
    run: async ({ $ }) => {
      const cluster =
        await $`${kubectlWords(params)} -n kube-system get configmap kubeadm-config -o ${'jsonpath={.data.ClusterConfiguration}'}`.text()
      const made = await $`${kubeadmWithConfig(
        params,
        sh`rm -rf ${beside}`,
        sh`mkdir -m 0700 ${beside}`,
        sh`ln -s ${pki}/ca.crt ${pki}/ca.key ${beside}/`,
        ['init', 'phase', 'certs', 'apiserver'],
        sh`mv -f ${beside}/apiserver.key ${beside}/apiserver.crt ${pki}/`,
        sh`rm -rf ${beside}`,
      )}`
        .stdin(phaseConfig(params, { host, inventory }, withCertificatesDir(cluster, beside)))
        .nothrow()
      if (made.exitCode !== 0) throw new Error(`kubeadm could not make the certificate:\n${lastLines(made.stdout)}`)
      return { summary: 'made anew' }
    },
  })
}

/** kubeadm writes the line always; of a configuration without it there is nothing to replace. */
const withCertificatesDir = (config: string, dir: string): string =>
  `${config.replace(/^certificatesDir:.*\n?/m, '').trimEnd()}\ncertificatesDir: ${dir}\n`
