import { endpoint } from '../lib/cluster/address.ts'
import { containerFunction } from '../lib/pods/container.ts'

/** Where a member is and who asks it. */
export interface EtcdAt {
  readonly configDir: string
  readonly clientPort: number
  /**
   * Directory of the certificates of a member that is a static pod of kubeadm: it is asked by the etcdctl of its own
   * image.
   */
  readonly podPki?: string
}

/** Words of a call of etcdctl on a member, as its own client. */
export const etcdctl = (at: EtcdAt, ...words: readonly string[]): readonly string[] => {
  const pki = at.podPki ?? `${at.configDir}/pki`
  const client = at.podPki === undefined ? 'client' : 'healthcheck-client'
  const program = at.podPki === undefined ? ['env', 'ETCDCTL_API=3', 'etcdctl'] : ['sh', '-c', inPod, 'etcdctl']
  return [
    ...program,
    `--cacert=${pki}/ca.crt`,
    `--cert=${pki}/${client}.crt`,
    `--key=${pki}/${client}.key`,
    `--endpoints=https://${endpoint('127.0.0.1', at.clientPort)}`,
    '--dial-timeout=3s',
    '--command-timeout=10s',
    ...words,
  ]
}

const inPod = `${containerFunction({ pod: 'etcd', container: 'etcd' })}
container || { echo 'no etcd of kubeadm runs here' >&2; exit 1; }
exec "$runtime" exec "$id" etcdctl "$@"`

export interface Member {
  /** Hexadecimal. */
  readonly id: string
  /** A member that was added and has not been started has no name yet. */
  readonly started: boolean
  readonly name: string
  readonly peerUrls: readonly string[]
  readonly learner: boolean
}

/**
 * Reads `etcdctl member list` in its simple form: `8e9e05c52164694d, started, m1, https://10.0.0.1:2380,
 * https://10.0.0.1:2379, false`. The JSON form has the number as a 64-bit integer, which JSON.parse rounds. Version 3.3
 * has no column for learners. Throws where a name or an address is none: a new member begins with what the others say
 * of themselves.
 */
export const parseMembers = (output: string): readonly Member[] =>
  output
    .split('\n')
    .filter(line => /^[0-9a-f]+, /.test(line))
    .map(line => {
      const [id = '', state, name = '', peers = '', , learner] = line.split(', ')
      const peerUrls = peers.split(',').filter(Boolean)
      if (!/^[\w.-]*$/.test(name) || !peerUrls.every(url => /^https?:\/\/[\w.:[\]-]+$/.test(url)))
        throw new Error(`etcdctl lists a member that can't be one: ${JSON.stringify(line.slice(0, 200))}`)
      return {
        id,
        started: state === 'started',
        name,
        peerUrls,
        learner: learner === 'true',
      }
    })

/** `m1=https://10.0.0.1:2380` for every address of every member. */
export const initialCluster = (
  members: readonly Member[],
  own: { readonly name: string; readonly url: string },
): readonly string[] =>
  members.flatMap(member => {
    const name = member.peerUrls.includes(own.url) ? own.name : member.name
    return name === '' ? [] : member.peerUrls.map(url => `${name}=${url}`)
  })

/** Learners came with 3.4. */
export const knowsLearners = (version: string): boolean => {
  const match = /etcdctl version: (\d+)\.(\d+)/.exec(version)
  return match !== null && (Number(match[1]) > 3 || (Number(match[1]) === 3 && Number(match[2]) >= 4))
}
