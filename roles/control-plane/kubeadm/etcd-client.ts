import { createHash, createPrivateKey } from 'node:crypto'
import { facts, type PathFact, type Step, type StepContext, step } from 'rota'
import type { PreparedCertificates } from '../../lib/pki/index.ts'
import type { Params } from '../daemons/daemons.ts'
import { isThere, manifests, textOf } from './seen.ts'

/** Name in the store: the same on all masters, as kubeadm uploads it for those that join. */
export const etcdClient = 'kubeadm/apiserver-etcd-client'

/**
 * The client that the API servers are to an etcd which is not kubeadm's own. It is put on a host that is no master yet,
 * and made new where it is ours and about to expire; an API server reads it with every connection. A cluster that has
 * another etcd keeps what it has.
 */
export const etcdClientIsThere = (params: Params, prepared: PreparedCertificates): Step => {
  const files = filesOf(params, prepared)
  return step({
    title: 'the client of etcd is there',
    facts: {
      manifest: manifests(params)['kube-apiserver'],
      ca: facts.path({ path: files.ca.path, sha256: true }),
      crt: facts.path({ path: files.crt.path, sha256: true }),
      key: facts.path({ path: files.key.path, sha256: true }),
    },
    needed: ({ manifest, ca, crt, key }) => {
      const differs = !has(ca, files.ca) || !has(crt, files.crt) || !has(key, files.key)
      if (!differs) return false
      if (!isThere(manifest)) return 'this host is no master yet'
      const ours = has(ca, files.ca) && textOf(manifest).includes(`--etcd-certfile=${files.crt.path}`)
      return ours && 'it was made anew'
    },
    run: async ({ $ }) => {
      for (const file of Object.values(files)) await write($, file)
      return {}
    },
  })
}

/** The certificate that an API server shows to its etcd, as its manifest has it. */
export const etcdClientIn = (manifest: string): string | undefined =>
  /^ *- "?--etcd-certfile=([^"\s]+)/m.exec(manifest)?.[1]

/** Whether a master that is there has another client than ours, such as kubespray's: a new one has it from kubeadm. */
export const hasOtherClient = (params: Params, manifestsOfMasters: readonly string[]): boolean =>
  manifestsOfMasters
    .flatMap(manifest => etcdClientIn(manifest) ?? [])
    .some(client => client !== `${params.kubeConfigDir}/pki/apiserver-etcd-client.crt`)

interface File {
  readonly path: string
  readonly content: string
  readonly mode: string
}

export function filesOf(
  { kubeConfigDir }: Params,
  prepared: PreparedCertificates,
): Readonly<Record<'ca' | 'crt' | 'key', File>> {
  const pki = `${kubeConfigDir}/pki`
  const { certificate, key } = prepared.pair(etcdClient)
  return {
    ca: { path: `${pki}/etcd/ca.crt`, content: prepared.pair('etcd/ca').certificate, mode: '0644' },
    crt: { path: `${pki}/apiserver-etcd-client.crt`, content: certificate, mode: '0644' },
    key: { path: `${pki}/apiserver-etcd-client.key`, content: traditional(key), mode: '0600' },
  }
}

/**
 * `join` passes the key on only in the form that has the kind of key in its first line, of elliptic ones (kubeadm's
 * copycerts).
 */
export function traditional(key: string): string {
  const parsed = createPrivateKey(key)
  return parsed.export({ type: parsed.asymmetricKeyType === 'rsa' ? 'pkcs1' : 'sec1', format: 'pem' }).toString()
}

export const has = (fact: PathFact, { content }: File): boolean =>
  fact.type === 'file' && fact.sha256 === createHash('sha256').update(content).digest('hex')

const write = ($: StepContext['$'], { path: target, content, mode }: File) =>
  $`mkdir -p "$(dirname ${target})" && f=$(mktemp ${`${target}.XXXXXX`}) && cat >"$f" && chmod ${mode} "$f" && mv -f "$f" ${target}`
    .stdin(content)
    .secret()
