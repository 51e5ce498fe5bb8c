import { defineTask, facts, quote, raw } from 'rota'

interface RolledOut {
  readonly addon: string
  /** `kube-system/daemonset/calico-node`. */
  readonly workload: string
  /** Seconds. */
  readonly timeout: number
  /** Shell text after which there is `kube`. */
  readonly kube: string
}

/**
 * All pods of a workload are of its newest version and available. Waited for also where a run before this one was cut
 * while it waited.
 *
 * Facts: `kubectl rollout status`. It is never a change. Errors: not in time; says which pods are not ready.
 */
export const rolledOut = defineTask<RolledOut>({
  name: 'rolledOut',
  title: ({ addon, workload }) => `add-on ${addon}: ${workload} is rolled out`,
  facts: args => [statusOf(args)],
  plan: (args, seen, { changed }) => {
    const { exitCode, stdout, stderr } = seen.get(statusOf(args))
    if (exitCode === 0 && !changed) return undefined
    const { kind, namespace, name } = partsOf(args.workload)
    return {
      summary: `${stdout}\n${stderr}`.trim().split('\n')[0] ?? 'not yet',
      effect: 'wait',
      apply: raw(`${args.kube}
if said=$(kube ${status(args, args.timeout)} 2>&1); then exit 0; fi
printf '%s\\n' "$said" | tail -n 1 >&2
kube --request-timeout=10s -n ${quote(namespace)} get pods --no-headers 2>/dev/null |
  awk -v of=${quote(`${name}-`)} '{ split($2, ready, "/") } index($1, of) == 1 && ready[1] != ready[2]' | head -n 10 >&2
echo ${quote(`${kind} ${namespace}/${name} was not rolled out in ${args.timeout} s`)} >&2
exit 1`),
    }
  },
})

const statusOf = (args: RolledOut) => facts.command({ run: `${args.kube}\nkube ${status(args, 1)}`, timeout: 20 })

/** One request watches for all of the time. */
const status = ({ workload }: RolledOut, timeout: number): string => {
  const { kind, namespace, name } = partsOf(workload)
  return `--request-timeout=0 -n ${quote(namespace)} rollout status ${quote(`${kind}/${name}`)} --timeout=${timeout}s`
}

function partsOf(workload: string) {
  const [namespace = '', kind = '', name = ''] = workload.split('/')
  return { namespace, kind, name }
}
