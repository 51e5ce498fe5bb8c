import { endpoint } from '../cluster/address.ts'

/** Words of a call of etcdctl on a member, as its own client. */
export const etcdctl = (
  options: { readonly configDir: string; readonly clientPort: number },
  ...words: readonly string[]
): readonly string[] => [
  'env',
  'ETCDCTL_API=3',
  'etcdctl',
  `--cacert=${options.configDir}/pki/ca.crt`,
  `--cert=${options.configDir}/pki/client.crt`,
  `--key=${options.configDir}/pki/client.key`,
  `--endpoints=https://${endpoint('127.0.0.1', options.clientPort)}`,
  '--dial-timeout=3s',
  '--command-timeout=10s',
  ...words,
]

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
 * Reads `etcdctl member list` in its simple form: `8e9e05c52164694d, started, m1, https://10.0.0.1:2380, https://10.0.0.1:2379, false`.
 * The JSON form has the number as a 64-bit integer, which JSON.parse rounds. Version 3.3 has no column for learners.
 */
export const parseMembers = (output: string): readonly Member[] =>
  output
    .split('\n')
    .filter(line => /^[0-9a-f]+, /.test(line))
    .map(line => {
      const [id = '', state, name = '', peers = '', , learner] = line.split(', ')
      return {
        id,
        started: state === 'started',
        name,
        peerUrls: peers.split(',').filter(Boolean),
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
