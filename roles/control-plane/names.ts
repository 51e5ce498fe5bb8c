import { setTimeout as sleep } from 'node:timers/promises'
import { facts, type HostView, type InventoryView, type Step, step } from 'rota'
import { canonicalAddress } from '../lib/cluster/index.ts'
import type { Alternatives } from '../lib/pki/index.ts'
import { servedNames } from './credentials/certificates.ts'
import type { Params } from './daemons/daemons.ts'

/**
 * The certificate that clients see has every name they may use: proven by dialling, because a daemon may go on showing
 * the old one after its file was renewed (kubespray#5573, #12760).
 */
export const servesEveryName = (params: Params, host: HostView, inventory: InventoryView): Step => {
  const { needed } = servedNames(params, inventory, [host])
  const missing = (pem: string | undefined): readonly string[] => missingNames(needed, pem)
  return step({
    title: 'the API server shows every name in its certificate',
    facts: { shown: facts.tlsCertificate({ host: '127.0.0.1', port: params.apiserverPort }) },
    needed: ({ shown }) => {
      if (shown.type !== 'certificate') return shown.type === 'unavailable' ? false : 'its certificate is not known yet'
      const names = missing(shown.pem)
      return names.length > 0 && `${names.join(', ')} not shown yet`
    },
    run: async ({ $ }) => {
      // kube-apiserver looks at its certificate's file once a minute.
      for (let left = 40; ; left -= 1) {
        const said =
          await $`openssl s_client -connect ${`127.0.0.1:${params.apiserverPort}`} </dev/null 2>/dev/null`.nothrow()
        const names = missing(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/.exec(said.stdout)?.[0])
        if (names.length === 0) return { changed: false }
        if (left === 0)
          throw new Error(`the API server of ${host.name} shows a certificate without ${names.join(', ')}`)
        await sleep(2000)
      }
    },
  })
}

/** Names and addresses that a certificate lacks; all of them without one. */
export function missingNames(wanted: Alternatives, pem: string | undefined): readonly string[] {
  if (pem === undefined) return [...wanted.names, ...wanted.addresses]
  const shown = facts.readCertificate(pem)
  const names = new Set(shown.dnsNames.map(name => name.toLowerCase()))
  const addresses = new Set(shown.addresses.map(canonicalAddress))
  return [
    ...wanted.names.filter(name => !names.has(name.toLowerCase())),
    ...wanted.addresses.filter(address => !addresses.has(canonicalAddress(address))),
  ]
}
