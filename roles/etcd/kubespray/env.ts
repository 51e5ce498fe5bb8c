import { endpoint } from '../../lib/cluster/address.ts'

/** Values of an environment file as systemd reads it: the last of a name counts. */
export const parseEnv = (text: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(/^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/gm)].map(([, name = '', value = '']) => [
      name,
      value.trim().replace(/^(["'])(.*)\1$/, '$2'),
    ]),
  )

/** Members in `ETCD_INITIAL_CLUSTER`: `etcd1=https://10.0.0.1:2380`, each. */
export const initialMembersIn = (env: string): readonly string[] =>
  (parseEnv(env).get('ETCD_INITIAL_CLUSTER') ?? '').split(',').filter(Boolean)

/** The text with other values, each in its own line; what it does not have yet comes last. */
export function withValues(text: string, values: Readonly<Record<string, string>>): string {
  const left = new Map(Object.entries(values))
  const lines = text
    .replace(/\n$/, '')
    .split('\n')
    .map(line => {
      const name = /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(line)?.[1] ?? ''
      if (!Object.hasOwn(values, name)) return line
      left.delete(name)
      return `${name}=${values[name]}`
    })
  return `${[...lines, ...[...left].map(([name, value]) => `${name}=${value}`)].join('\n')}\n`
}

export interface NewMember {
  readonly name: string
  /** Name of the host, which its certificates have in their files' names. */
  readonly host: string
  /** Address that it binds, and those that other members and clients use. */
  readonly ip: string
  readonly address: string
  readonly accessAddress: string
  /** `etcd1=https://10.0.0.1:2380`, each. */
  readonly initialCluster: readonly string[]
}

/**
 * The environment of a new member, out of that of one that serves: every setting of theirs is kept, and what is of the
 * host alone is the new one's.
 */
export function envOfNewMember(
  text: string,
  from: { readonly name: string; readonly certificateName: string },
  member: NewMember,
): string {
  const values = [...parseEnv(text)].flatMap(([name, value]): readonly [string, string][] => {
    if (/_LISTEN_\w+_URLS$/.test(name)) return [[name, urlsWith(value, member.ip)]]
    if (/_ADVERTISE_CLIENT_URLS$/.test(name)) return [[name, urlsWith(value, member.accessAddress)]]
    if (/_ADVERTISE_PEER_URLS$/.test(name)) return [[name, urlsWith(value, member.address)]]
    const certificate = /^(.*\/(?:member|admin)-)(.+?)((?:-key)?\.pem)$/.exec(value)
    if (certificate?.[2] === from.certificateName) return [[name, `${certificate[1]}${member.host}${certificate[3]}`]]
    return name !== 'ETCD_NAME' && name.endsWith('_INSTANCE_ID') && value === from.name ? [[name, member.name]] : []
  })
  return withValues(text, {
    ...Object.fromEntries(values),
    ETCD_NAME: member.name,
    ETCD_INITIAL_CLUSTER: member.initialCluster.join(','),
    ETCD_INITIAL_CLUSTER_STATE: 'existing',
  })
}

/** The same ports and schemes at another address; what every host has (127.0.0.1, 0.0.0.0) stays. */
const urlsWith = (list: string, address: string): string =>
  list
    .split(',')
    .map(url => {
      const [, scheme = '', host = '', port = ''] = /^(https?):\/\/(.*):(\d+)$/.exec(url) ?? []
      if (scheme === '' || ['127.0.0.1', '0.0.0.0', '[::1]', '[::]', 'localhost'].includes(host)) return url
      return `${scheme}://${endpoint(address, Number(port))}`
    })
    .join(',')

/** A unit, or the script that starts the container, with the new member's name for the old one's container. */
export const withContainerName = (text: string, from: string, to: string): string =>
  from === 'etcd' ? text : text.replace(new RegExp(`(?<![\\w./-])${escaped(from)}(?![\\w./-])`, 'g'), to)

const escaped = (text: string): string => text.replace(/[.\\-]/g, '\\$&')
