import { posix } from 'node:path'
import type { Edited } from 'rota'
import { isMap, isScalar, isSeq, type Node, parseDocument, Scalar, type YAMLMap } from 'yaml'

/** The cluster that a kubeconfig's user talks to. */
export interface Cluster {
  readonly server: string
  readonly authority: Authority
}

export type Authority =
  | { readonly kind: 'pem'; readonly pem: string }
  | { readonly kind: 'file'; readonly path: string }
  /** The server is not checked. */
  | { readonly kind: 'none' }
  | { readonly kind: 'system' }

/**
 * A kubeconfig with another `server` in the cluster of its current context, everything else byte for byte as it was:
 * YAML or JSON, with comments, quotes and line ends of any kind. `localhost`, which kubespray writes, is the same
 * server, and so are `aliases`: nobody is restarted for a name.
 */
export function withServer(text: string, server: string, aliases: readonly string[] = []): Edited {
  const found = serverIn(text)
  if ('problem' in found) return found
  const { scalar, value } = found
  if ([server, ...aliases].includes(value.replace('//localhost:', '//127.0.0.1:'))) return { text }
  const [start, end] = scalar.range ?? [0, 0]
  return { text: `${text.slice(0, start)}${written(scalar, server)}${text.slice(end)}` }
}

/**
 * The cluster of the current context; nothing where the text is no kubeconfig. `dir` is where relative paths in it
 * start.
 */
export function clusterIn(text: string, dir: string): Cluster | undefined {
  const found = serverIn(text)
  if ('problem' in found) return undefined
  const get = (name: string): string | undefined => {
    const value = found.cluster.get(name)
    return typeof value === 'string' ? value : undefined
  }
  const data = get('certificate-authority-data')
  const path = get('certificate-authority')
  const authority: Authority =
    found.cluster.get('insecure-skip-tls-verify') === true
      ? { kind: 'none' }
      : data !== undefined
        ? { kind: 'pem', pem: Buffer.from(data, 'base64').toString() }
        : path !== undefined
          ? { kind: 'file', path: posix.resolve(dir, path) }
          : { kind: 'system' }
  return { server: found.value, authority }
}

interface Found {
  readonly cluster: YAMLMap
  readonly scalar: Scalar & { readonly range?: readonly [number, number, number] | null }
  readonly value: string
}

function serverIn(text: string): Found | { readonly problem: string } {
  const document = parseDocument(text, { uniqueKeys: false })
  const [error] = document.errors
  if (error) return { problem: `it is no YAML: ${error.message.split('\n')[0]}` }
  const root = document.contents
  if (!isMap(root) || root.get('clusters') === undefined) return { problem: 'it is no kubeconfig' }
  const name = clusterName(root)
  const all = entries(root, 'clusters')
  const meant = name === undefined ? all : all.filter(entry => entry.get('name') === name)
  const [entry] = meant
  if (entry === undefined)
    return { problem: name === undefined ? 'it has no cluster' : `it has no cluster ${name}, which its context names` }
  if (meant.length > 1) return { problem: 'which of its clusters is meant is not known: it has no current-context' }
  const cluster = entry.get('cluster')
  const scalar = isMap(cluster) ? (cluster.get('server', true) as Node | undefined) : undefined
  if (!isMap(cluster) || !isScalar(scalar) || typeof scalar.value !== 'string')
    return { problem: 'its cluster has no server' }
  if (scalar.type === Scalar.BLOCK_FOLDED || scalar.type === Scalar.BLOCK_LITERAL)
    return { problem: 'its server is written as a block of text' }
  return { cluster, scalar, value: scalar.value }
}

/** The cluster that the current context names; of a single context without that, its own. */
function clusterName(root: YAMLMap): string | undefined {
  const contexts = entries(root, 'contexts')
  const current = root.get('current-context')
  const context =
    contexts.find(item => item.get('name') === current) ?? (contexts.length === 1 ? contexts[0] : undefined)
  const name = context?.getIn(['context', 'cluster'])
  return typeof name === 'string' ? name : undefined
}

function entries(root: YAMLMap, key: string): readonly YAMLMap[] {
  const list = root.get(key)
  return isSeq(list) ? list.items.filter(isMap) : []
}

/** In the quotes that are there; an address in brackets is no plain text of YAML within `{}` or `[]`. */
function written({ type }: Scalar, server: string): string {
  if (type === Scalar.QUOTE_SINGLE) return `'${server}'`
  return type === Scalar.QUOTE_DOUBLE || /[[\]{},]/.test(server) ? `"${server}"` : server
}
