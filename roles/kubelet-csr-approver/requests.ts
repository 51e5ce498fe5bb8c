import { kubectlList } from '../lib/cluster/kubectl-list.ts'

/** A CertificateSigningRequest; of it only what is looked at. */
export interface Request {
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly signerName: string
    readonly username: string
    readonly groups?: readonly string[]
    readonly usages: readonly string[]
    /** PEM in base64. */
    readonly request: string
  }
  readonly status?: { readonly conditions?: readonly { readonly type: string }[] }
}

/** The signer of certificates that kubelets serve with. */
export const signer = 'kubernetes.io/kubelet-serving'

/** All that is asked of it. */
export const listWords = (kubectl: readonly string[], output: string): readonly string[] => [
  ...kubectl,
  ...['get', 'csr', '--field-selector', `spec.signerName=${signer}`, '-o', output],
]

/** Who asks, of all that is pending. */
const askingFact = kubectlList('serving-requests', lines =>
  lines.map(readLine).flatMap(({ username, conditions }) => (isPending({ conditions }) ? [username] : [])),
)

const columns = '{.spec.username}{"\\t"}{range .status.conditions[*]}{.type},{end}'

export const askingNow = (kubectl: readonly string[]) =>
  askingFact(listWords(kubectl, `jsonpath={range .items[*]}${columns}{"\\n"}{end}`))

function readLine(line: string) {
  const [username = '', types = ''] = line.split('\t')
  return { username, conditions: types.split(',').map(type => ({ type })) }
}

/** Nobody has approved or denied it. */
export const isPending = ({ conditions = [] }: NonNullable<Request['status']>): boolean =>
  !conditions.some(({ type }) => ['Approved', 'Denied', 'Failed'].includes(type))
