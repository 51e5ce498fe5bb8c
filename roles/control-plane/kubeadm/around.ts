import type { HostView, StepContext } from 'rota'
import { httpsUrl } from '../../lib/cluster/index.ts'
import { kubectlWords } from '../../lib/cluster/kubectl.ts'
import type { Params } from '../daemons/daemons.ts'
import { manifestOf } from '../methods/static-pods/running.ts'
import { markerOf } from './seen.ts'

/**
 * What another master is: it serves a cluster, is about to, has one that does not answer, has none, or can't be asked.
 */
export type Neighbour = (typeof neighbours)[number]

const neighbours = ['serves', 'busy', 'silent', 'nothing', 'unreachable'] as const

export interface Seen {
  readonly master: HostView
  readonly is: Neighbour
}

export const lookAround = (
  { on }: Pick<StepContext, 'on'>,
  params: Params,
  others: readonly HostView[],
): Promise<readonly Seen[]> =>
  Promise.all(
    others.map(async master => {
      try {
        const answer = await on(master.name)`if [ -e ${markerOf(params)} ]; then echo busy
elif [ ! -e ${manifestOf(params.manifestDir, 'kube-apiserver')} ]; then
  # A unit may be one as well. At its own address answers nothing but an API server; elsewhere a proxy or a virtual
  # address may.
  if systemctl is-active -q kube-apiserver.service || curl -ks --noproxy '*' --max-time 5 -o /dev/null ${ownUrl(master, params.apiserverPort)}
  then echo silent
  else echo nothing; fi
elif ${kubectlWords(params)} get --raw /readyz >/dev/null 2>&1; then echo serves
else echo silent; fi`.text()
        // What is no answer is no reason to begin another cluster.
        return { master, is: neighbours.find(is => is === answer) ?? 'silent' }
      } catch {
        return { master, is: 'unreachable' as const }
      }
    }),
  )

const ownUrl = (master: HostView, port: number): string => httpsUrl(master.ip, port, '/readyz')

/**
 * What a host that is no master yet has to do. A cluster begins on the first host of the group, and only there, and
 * only when no other one may have a cluster already: a second one beside one that is only down would be the worst of
 * all outcomes.
 */
export type Way =
  | { readonly kind: 'join'; readonly through: HostView }
  | { readonly kind: 'init' }
  | { readonly kind: 'wait'; readonly reason: string }
  | { readonly kind: 'refuse'; readonly reason: string }

export function wayFor(host: HostView, first: HostView | undefined, seen: readonly Seen[]): Way {
  const names = (is: Neighbour): string =>
    seen
      .filter(item => item.is === is)
      .map(({ master }) => master.name)
      .join(', ')
  const through = seen.find(item => item.is === 'serves')
  if (through) return { kind: 'join', through: through.master }
  const silent = names('silent')
  const unreachable = names('unreachable')
  const alone = host.name === first?.name
  if (names('busy') !== '' || !alone)
    return {
      kind: 'wait',
      reason:
        silent !== '' || names('busy') !== ''
          ? `no master serves: ${[names('busy'), silent].filter(Boolean).join(', ')} should${names('busy') === '' ? '' : `; if an earlier run was cut short there, finish it first with --limit ${names('busy')}`}`
          : `there is no cluster to join: it begins on ${first?.name}; run without --limit, or on that host first`,
    }
  if (silent !== '')
    return {
      kind: 'refuse',
      reason: `${silent} is a master that does not answer, or that kubeadm has not made: bring it back first, a second cluster is not made`,
    }
  if (unreachable !== '')
    return {
      kind: 'refuse',
      reason: `${unreachable} can't be asked whether there is a cluster already: a new one is not made before it can`,
    }
  return { kind: 'init' }
}
