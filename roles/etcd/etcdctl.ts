import { quote } from 'rota'
import { httpsUrl } from '../lib/cluster/address.ts'
import { containerFunction } from '../lib/pods/container.ts'
import { envPath, unitPath } from './kubespray/paths.ts'

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

/**
 * Words of a call of etcdctl on a member, as its own client: as the one that kubespray has put there where the member
 * is one of kubespray's, which the host itself finds out.
 */
export const etcdctl = (at: EtcdAt, ...words: readonly string[]): readonly string[] => {
  const pki = at.podPki ?? `${at.configDir}/pki`
  const client = at.podPki === undefined ? 'client' : 'healthcheck-client'
  const program = ['sh', '-c', at.podPki === undefined ? onHost : inPod, 'etcdctl']
  return [
    ...program,
    `--cacert=${pki}/ca.crt`,
    `--cert=${pki}/${client}.crt`,
    `--key=${pki}/${client}.key`,
    `--endpoints=${httpsUrl('127.0.0.1', at.clientPort)}`,
    '--dial-timeout=3s',
    // Without it a snapshot takes its time, however large it is.
    ...(words[0] === 'snapshot' ? [] : ['--command-timeout=10s']),
    ...words,
  ]
}

/** Words of a call of etcdutl, which reads files; it came with 3.5, and its image may lack it. */
export const etcdutl = (at: Pick<EtcdAt, 'podPki'>, ...words: readonly string[]): readonly string[] => [
  ...['sh', '-c', at.podPki === undefined ? utlOnHost : utlInPod, 'etcdutl'],
  ...words,
]

/** Shell text: whether the member of the host is kubespray's, and what its files say of it. */
const theirs = `env=${envPath} unit=${unitPath}
of() { sed -n "s/^$1=//p" "$env" | tail -n 1; }
isTheirs() { [ -f "$unit" ] && grep -q '^ETCD_NAME=' "$env" 2>/dev/null; }
binOf() { sed -n 's|^ExecStart=\\(/.*\\)/etcd\\( .*\\)\\{0,1\\}$|\\1|p' "$unit" | head -n 1; }`

// Its first four arguments say where a member of our own is. etcdctl refuses a setting that it is told twice, so its
// environment is not used.
const onHost = `${theirs}
if isTheirs; then
  bin=$(binOf)
  PATH="$bin\${bin:+:}$PATH"
  at=$(of ETCDCTL_ENDPOINTS)
  shift 4
  set -- --cacert="$(of ETCDCTL_CACERT)" --cert="$(of ETCDCTL_CERT)" --key="$(of ETCDCTL_KEY)" --endpoints="\${at%%,*}" "$@"
fi
exec env ETCDCTL_API=3 etcdctl "$@"`

const utlOnHost = `${theirs}
if isTheirs; then
  bin=$(binOf)
  PATH="$bin\${bin:+:}$PATH"
fi
exec etcdutl "$@"`

/**
 * Shell text for who asks a member more than one question: `ctl WORDS` calls etcdctl as its client, `$bin` is where its
 * programs are, `$at`, `$ca`, `$cert` and `$key` how it is reached. `binDir` is that of a member of our own.
 */
export const asClient = ({ configDir, clientPort }: EtcdAt, binDir: string): string => `${theirs}
if isTheirs; then
  bin=$(binOf) ca=$(of ETCDCTL_CACERT) cert=$(of ETCDCTL_CERT) key=$(of ETCDCTL_KEY) at=$(of ETCDCTL_ENDPOINTS)
  at=\${at%%,*}
else
  bin=${quote(binDir)} at=${quote(httpsUrl('127.0.0.1', clientPort))}
  ca=${quote(`${configDir}/pki/ca.crt`)} cert=${quote(`${configDir}/pki/client.crt`)} key=${quote(`${configDir}/pki/client.key`)}
fi
ctl() {
  PATH="$bin:$PATH" ETCDCTL_API=3 etcdctl --cacert="$ca" --cert="$cert" --key="$key" --endpoints="$at" \\
    --dial-timeout=3s --command-timeout=5s "$@"
}`

const podsProgram = (name: string): string => `${containerFunction({ pod: 'etcd', container: 'etcd' })}
container || { echo 'no etcd of kubeadm runs here' >&2; exit 1; }
exec "$runtime" exec "$id" ${name} "$@"`

const inPod = podsProgram('etcdctl')
const utlInPod = podsProgram('etcdutl')

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

/**
 * `m1=https://10.0.0.1:2380` for every address of every member. One that has not started yet has no name of its own.
 */
export const initialCluster = (
  members: readonly Member[],
  own: { readonly name: string; readonly isOwn: (member: Member) => boolean },
): readonly string[] =>
  members.flatMap(member => {
    const name = own.isOwn(member) ? own.name : member.name
    return name === '' ? [] : member.peerUrls.map(url => `${name}=${url}`)
  })

/** Learners came with 3.4. */
export const knowsLearners = (version: string): boolean => {
  const match = /etcdctl version: (\d+)\.(\d+)/.exec(version)
  return match !== null && (Number(match[1]) > 3 || (Number(match[1]) === 3 && Number(match[2]) >= 4))
}
