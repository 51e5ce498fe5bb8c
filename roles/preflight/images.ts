import { type Check, type Finding, facts, hostCheck } from 'rota'
import { withV } from '../lib/cluster/index.ts'
import { daemonImages } from '../lib/pods/daemon-images.ts'
import { list } from './list.ts'
import type { Params } from './params.ts'
import { runtimeText } from './runtime.ts'
import { askFunction, lostOf, readAsked } from './to-be-had.ts'

/**
 * The images of the new version are on the host, or its registry has them: from the registry that the static pods come
 * from now. kube-proxy's is kubeadm's to pull before it upgrades anything; where no pod of it has run it may be
 * somebody else's. Which CoreDNS, pause and etcd a kubeadm wants only that one knows.
 */
export const imagesAreToBeHad = (params: Params): Check =>
  hostCheck({
    name: 'images',
    facts: { images: facts.command({ run: imagesText(params), timeout: 40 }) },
    verdict: ({ images }) => judgeImages(params.kubeVersion, images.stdout),
  })

const imagesText = (params: Params): string => `exec 3>&1 >/dev/null
${runtimeText(params)}
${askFunction}
${daemonImages(params)}
for image in $(daemon_images); do
  printf '%s\\t' "$image" >&3
  ask "$image"
done 2>/dev/null
:`

export function judgeImages(kubeVersion: string, stdout: string): Finding {
  const expected = `those of ${withV(kubeVersion)} on the host or in the registry: load them, or make the registry reachable`
  const images = readAsked(stdout)
  const lost = lostOf(images)
  if (lost.length > 0) return { ok: false, expected, saw: list(lost) }
  const count = (wanted: string) => images.filter(({ answer }) => answer === wanted).length
  if (images.length === 0) return { ok: true, expected, saw: 'no static pod of a master yet' }
  const known = count('there') + count('200')
  return {
    ok: true,
    expected,
    saw:
      known === images.length
        ? `${known} to be had`
        : `${known} of ${images.length} to be had, of the others only the runtime can tell`,
  }
}
