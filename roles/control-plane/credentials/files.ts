import { createHash } from 'node:crypto'
import { computed, directory, facts, file, type HostView, type Task } from 'rota'
import { httpsUrl } from '../../lib/cluster/index.ts'
import { certificateFile, keyFile, of } from '../../lib/pki/index.ts'
import type { DaemonName, Params } from '../daemons/daemons.ts'
import type { MasterPrepared } from './certificates.ts'
import { kubeconfig } from './kubeconfig.ts'

/** A file of a master, and the daemons that have to start anew when it changes. */
export interface MasterFile {
  readonly path: string
  readonly content: string
  /** For its owner alone. */
  readonly secret: boolean
  readonly readers: readonly DaemonName[]
  /** It may be this as well: what another role of ours makes of it. */
  readonly or?: string | undefined
}

const apiServer = 'kube-apiserver'
const controllers = 'kube-controller-manager'
const scheduler = 'kube-scheduler'

/** Certificates, keys and kubeconfigs of a master, by kubeadm's names. */
export function masterFiles(params: Params, host: HostView, prepared: MasterPrepared): readonly MasterFile[] {
  const dir = params.kubeConfigDir
  const pki = `${dir}/pki`
  const pair = (name: string) => prepared.pair(of(host, name))
  const ca = prepared.pair('ca')
  const open = (path: string, content: string, ...readers: DaemonName[]): MasterFile => ({
    path,
    content,
    secret: false,
    readers,
  })
  const secret = (path: string, content: string, ...readers: DaemonName[]): MasterFile => ({
    path,
    content,
    secret: true,
    readers,
  })
  const pairOf = (name: string): readonly MasterFile[] => [
    secret(`${pki}/${name}.key`, pair(name).key, apiServer),
    open(`${pki}/${name}.crt`, pair(name).certificate, apiServer),
  ]
  const config = (name: string, user: string, server: string): string =>
    kubeconfig({ server, ca: ca.certificate, user, pair: pair(name) })
  const own = httpsUrl('127.0.0.1', params.apiserverPort)
  // The role kube-clients points these to where the operator says, once that answers: it is left as that role has it.
  const client = (name: string, user: string, reader: DaemonName): MasterFile => ({
    ...secret(`${dir}/${name}.conf`, config(name, user, own), reader),
    or: params.clientsServer === undefined ? undefined : config(name, user, params.clientsServer),
  })
  return [
    open(`${pki}/ca.crt`, ca.certificate, apiServer, controllers),
    // The controller manager signs the certificates of kubelets. An authority whose key is kept elsewhere has none to
    // give.
    ...(ca.key === '' ? [] : [secret(`${pki}/ca.key`, ca.key, controllers)]),
    open(`${pki}/front-proxy-ca.crt`, prepared.pair('front-proxy-ca').certificate, apiServer, controllers),
    open(`${pki}/etcd/ca.crt`, prepared.pair('etcd/ca').certificate, apiServer),
    secret(`${pki}/sa.key`, prepared.serviceAccount.key, apiServer, controllers),
    open(`${pki}/sa.pub`, prepared.serviceAccount.publicKey, apiServer),
    // Static pods have theirs in the directory of credentials.
    ...(params.method === 'binaries' ? pairOf('apiserver') : []),
    ...['apiserver-kubelet-client', 'apiserver-etcd-client', 'front-proxy-client'].flatMap(pairOf),
    ...(params.encryptionConfig === undefined
      ? []
      : [secret(`${dir}/encryption.yaml`, params.encryptionConfig, apiServer)]),
    ...(prepared.tokens === undefined ? [] : [secret(tokenFileOf(params), prepared.tokens, apiServer)]),
    secret(`${dir}/admin.conf`, config('admin', 'kubernetes-admin', own)),
    client('controller-manager', 'system:kube-controller-manager', controllers),
    client('scheduler', 'system:kube-scheduler', scheduler),
  ]
}

export const tokenFileOf = (params: Params): string =>
  `${params.method === 'binaries' ? params.tokenDir : params.credentialsDir}/known_tokens.csv`

/** The directories of these files. */
export const masterDirectories = (params: Params): readonly (Task | false)[] => [
  directory({ path: params.kubeConfigDir, mode: '0755' }),
  directory({ path: `${params.kubeConfigDir}/pki`, mode: '0755' }),
  directory({ path: `${params.kubeConfigDir}/pki/etcd`, mode: '0755' }),
  params.method === 'binaries' && params.tokenAuth && directory({ path: params.tokenDir, mode: '0700' }),
]

/** A task for each file; with `notify` it tells who reads it. */
export const fileTasks = (files: readonly MasterFile[], { notify }: { readonly notify: boolean }): readonly Task[] =>
  files.map(({ path, content, secret, readers, or }) => {
    const notified = notify ? { notify: readers } : {}
    if (!secret) return certificateFile(path, content, notified)
    if (or === undefined) return keyFile(path, content, notified)
    const now = facts.path({ path, sha256: true })
    const kept = computed({ now }, seen => {
      const entry = facts.followed(seen.now)
      return entry.type === 'file' && entry.sha256 === sha256(or) ? or : content
    })
    return file({
      path,
      content: kept,
      mode: '0600',
      owner: 'root',
      group: 'root',
      secret: true,
      backup: false,
      ...notified,
    })
  })

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
