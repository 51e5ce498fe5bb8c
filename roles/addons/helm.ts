import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { blob, defineTask, facts, localSum, quote, raw, sh } from 'rota'

export interface Release {
  readonly addon: string
  readonly release: string
  readonly namespace: string
  /** As helm has it, or the path of a packed one (`.tgz`) of the control machine. */
  readonly chart: string
  readonly version: string | undefined
  readonly repo: string | undefined
  /** Path of a file of the control machine. */
  readonly values: string | undefined
  /** Seconds. */
  readonly timeout: number
  /** Shell text after which there is `release_helm`. */
  readonly helm: string
}

export const isPacked = (chart: string): boolean => chart.endsWith('.tgz')

/** Shell text after which `release_helm` is helm, with the API server that `kube` has chosen. */
export const helmText = (kube: string, at: { readonly binDir: string; readonly kubeConfigDir: string }): string =>
  `${kube}
helm=${quote(`${at.binDir}/helm`)}
[ -x "$helm" ] || helm=$(command -v helm) || { echo ${quote(`there is no helm, neither in ${at.binDir} nor elsewhere`)} >&2; exit 69; }
release_helm() { "$helm" --kubeconfig ${quote(`${at.kubeConfigDir}/admin.conf`)} \${server:+--kube-apiserver "$server"} "$@"; }`

/**
 * A release of helm is of a chart's version, with these values. What a chart makes of them is not compared: many make
 * passwords and certificates anew each time.
 *
 * Facts: the last revision, in whose description the sum of the values stands. A change: another chart, another
 * version, other values, or a revision that is not deployed. Refused: helm is at work, or was cut short there.
 */
export const helmRelease = defineTask<Release>({
  name: 'helmRelease',
  title: ({ addon, release }) => `add-on ${addon}: release ${release}`,
  facts: args => [historyOf(args)],
  plan: (args, seen) => {
    const { exitCode, stdout, stderr } = seen.get(historyOf(args))
    const apply = upgradeText(args)
    if (/release: not found/.test(stderr)) return { summary: `${chartLabel(args)} is not installed`, apply }
    const refuse = (refused: string) => ({ summary: 'cannot be upgraded', apply: raw(':'), refused })
    if (exitCode !== 0) return refuse(`helm history failed with ${exitCode}: ${stderr.slice(-1000)}`)
    const { status, chart, description } = lastRevision(stdout)
    if (status.startsWith('pending-'))
      return refuse(
        `release ${args.release} is ${status}: helm is at work there, or was cut short (helm rollback ${args.release} -n ${args.namespace})`,
      )
    const why = [
      ...(plain(chart) === plain(chartLabel(args)) ? [] : [`${chart} → ${chartLabel(args)}`]),
      ...(status === 'deployed' ? [] : [`its last revision is ${status}`]),
      ...(description === mark(args) ? [] : ['its values are others']),
    ]
    return why.length === 0 ? undefined : { summary: why.join(', '), apply }
  },
})

const historyOf = ({ helm, release, namespace }: Release) =>
  facts.command({
    run: `${helm}\nrelease_helm history ${quote(release)} -n ${quote(namespace)} --max 1 -o json`,
    timeout: 30,
  })

interface Revision {
  readonly status: string
  readonly chart: string
  readonly description: string
}

function lastRevision(stdout: string): Revision {
  const last = (JSON.parse(stdout) as readonly Partial<Revision>[]).at(-1)
  return { status: last?.status ?? 'unknown', chart: last?.chart ?? 'unknown', description: last?.description ?? '' }
}

/** Name and version of a chart, as helm writes them and names the file of a packed one. */
const chartLabel = ({ chart, version }: Release): string =>
  isPacked(chart) ? basename(chart, '.tgz') : `${basename(chart)}-${version ?? ''}`

/** helm takes a version with its `v` and without. */
const plain = (label: string): string => label.replace(/-v(?=\d)/, '-')

/** The sum of what only the control machine has. */
function mark({ chart, values }: Release): string {
  const sums = [...(isPacked(chart) ? [localSum(chart)] : []), ...(values === undefined ? [] : [localSum(values)])]
  return `rota ${createHash('sha256').update(sums.join(' ')).digest('hex').slice(0, 16)}`
}

function upgradeText(args: Release) {
  const { chart, version, repo, values, namespace, release, timeout } = args
  const words = [
    ...['-n', namespace, '--create-namespace', '--reset-values', '--wait', '--timeout', `${timeout}s`],
    ...['--description', mark(args)],
    ...(version === undefined || isPacked(chart) ? [] : ['--version', version]),
    ...(repo === undefined ? [] : ['--repo', repo]),
    ...(values === undefined ? [] : ['-f', '-']),
  ]
  const packed = isPacked(chart) ? sh`${blob(readFileSync(chart))}` : sh`${chart}`
  return sh`${raw(args.helm)}
release_helm upgrade --install ${release} ${packed} ${words} <${values === undefined ? '/dev/null' : blob(readFileSync(values))} >/dev/null`
}
