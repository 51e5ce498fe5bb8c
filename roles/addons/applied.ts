import { blob, defineTask, quote, raw, sh } from 'rota'
import { asDiff, differencesIn, reasonOf } from './differences.ts'
import { manifestDiff } from './manifest-diff.ts'
import { manifestText } from './manifests.ts'

interface Applied {
  readonly addon: string
  /** A file or a folder of the control machine. */
  readonly path: string
  /** What others have set is taken over. */
  readonly force: boolean
  /** Shell text after which there is `kube`. */
  readonly kube: string
}

/**
 * Objects of the cluster are as manifests have them, by server-side apply: each field has an owner, and one that others
 * have set otherwise (kubeadm, kubespray, a controller) is refused, not replaced.
 *
 * Facts: `kubectl diff`. A change: it finds a difference, or can't tell yet, because a kind or a namespace comes with
 * the same manifests. Refused: fields of others without `force`, or kubectl failed otherwise.
 */
export const manifestsApplied = defineTask<Applied>({
  name: 'manifests',
  title: ({ addon }) => `add-on ${addon}: its manifests`,
  facts: args => [diffOf(args)],
  plan: (args, facts, { diff }) => {
    const { exitCode, printed, cut } = facts.get(diffOf(args))
    if (exitCode === 0) return undefined
    const apply = applyText(args)
    if (exitCode === 1) {
      const differences = differencesIn(printed)
      if (differences.length === 0 && !cut) return undefined
      const objects = differences.map(({ object }) => object)
      return {
        summary: cut ? `${objects[0] ?? 'an object'} and more differ` : objects.join(', '),
        apply,
        ...(diff && !cut ? { diff: asDiff(args.addon, differences) } : {}),
      }
    }
    const { kind, text } = reasonOf(printed)
    if (kind === 'not there yet') return { summary: `what it needs comes with it: ${text}`, apply }
    return {
      summary: 'cannot be applied',
      apply: raw(':'),
      refused:
        kind === 'failed'
          ? `kubectl diff failed with ${exitCode}: ${text}`
          : `others have set what these manifests set otherwise: ${text}. Take that out of them, or say force_conflicts: true for this add-on, which takes it over`,
    }
  },
})

const flags = ({ force }: Applied): readonly string[] => [
  '--field-manager=rota',
  ...(force ? ['--force-conflicts'] : []),
]

const diffOf = (args: Applied) =>
  manifestDiff({ kube: args.kube, flags: flags(args), manifests: manifestText(args.path) })

/**
 * An API server knows a kind a moment after its definition has come, and kubectl only when it is called again. What it
 * says is said as `reasonOf` has it.
 */
const applyText = (args: Applied) => sh`${raw(args.kube)}
manifests=${blob(manifestText(args.path))}
for try in 1 2 3 4 5; do
  if said=$(kube --request-timeout=30s apply --server-side ${raw(flags(args).map(quote).join(' '))} -f - <"$manifests" 2>&1)
  then exit 0; fi
  case $said in
    *'no matches for kind'*|*'namespaces "'*'" not found'*) sleep 2 ;;
    *) break ;;
  esac
done
printf '%s\n' "$said" | sed -e '/ serverside-applied$/d' -e '/^Warning: /d' -e 's/\\(expected [a-z]*\\), got .*/\\1/' >&2
exit 1`
