import { assert, computed, facts, quote, type Task } from 'rota'
import { tagOfVersion } from '../lib/cluster/index.ts'
import type { ProxyImage } from '../node-proxy/image.ts'
import { list } from './list.ts'
import { runtimeText } from './runtime.ts'
import { askFunction, lostOf, readAsked } from './to-be-had.ts'
import type { WorkerParams } from './worker-params.ts'

type At = Pick<WorkerParams, 'kubeConfigDir' | 'manifestDir' | 'binDir' | 'criSocket'> & {
  readonly kubeVersion: string
}

/** What a master says of the images that its cluster's nodes have: `NAME IMAGE` a line. */
export const clusterImagesFact = (at: Pick<At, 'kubeConfigDir' | 'manifestDir'>) =>
  facts.command({
    run: `from=$(sed -n 's|^ *image: *"\\{0,1\\}\\([^ @"]*/\\)kube-apiserver:.*|\\1|p' ${quote(`${at.manifestDir}/kube-apiserver.yaml`)} | head -n 1)
[ -z "$from" ] || ! ls -d /var/log/pods/kube-system_kube-proxy-* >/dev/null || echo "kube-proxy \${from}kube-proxy"
sed -n 's/.*--pod-infra-container-image[= ]\\([^ "\\\\]*\\).*/pause \\1/p' ${quote(`${at.kubeConfigDir}/kubelet.env`)} | head -n 1
:`,
  })

/** Images by the name of what is started from them. kube-proxy's is without its tag. */
export interface ClusterImages {
  readonly kubeProxy?: string | undefined
  readonly pause?: string | undefined
}

/** What a host says is an image by its looks, or nothing. */
export function readClusterImages(stdout: string): ClusterImages {
  const image = (name: string) => new RegExp(`^${name} ([A-Za-z0-9][A-Za-z0-9._:/@-]*)$`, 'm').exec(stdout)?.[1]
  return { kubeProxy: image('kube-proxy'), pause: image('pause') }
}

/**
 * A host that is to join can have the images that every node needs before it is Ready and serves: what holds a pod
 * together, kube-proxy's of the version, and that of its own proxy.
 */
export const nodeImagesAreToBeHad = (
  params: At,
  host: string,
  images: ClusterImages,
  proxy: ProxyImage | undefined,
): Task =>
  assert({
    that: `${host} can have the images of a node`,
    holds: computed(
      { images: facts.command({ run: nodeImagesText(params, images, proxy), timeout: 40 }) },
      ({ images: { stdout } }) => whyNoNode(stdout),
    ),
  })

export function whyNoNode(stdout: string): string | undefined {
  const lost = lostOf(readAsked(stdout))
  return lost.length === 0
    ? undefined
    : `${list(lost)}: load ${lost.length === 1 ? 'it' : 'them'} there, or make the registry reachable (preflight_skip: [images] does not look)`
}

function nodeImagesText(params: At, { kubeProxy, pause }: ClusterImages, proxy: ProxyImage | undefined): string {
  const proxyOf = kubeProxy === undefined ? '' : `${kubeProxy}:${tagOfVersion(params.kubeVersion)}`
  return `exec 3>&1 >/dev/null 2>&1
${runtimeText(params)}
${askFunction}
${pauseText(pause)}
own=${quote(proxy?.image ?? '')}
[ ! -e ${quote(proxy?.manifest ?? '')} ] || own=
for image in "$pause" ${quote(proxyOf)} "$own"; do
  [ -n "$image" ] || continue
  printf '%s\\t' "$image" >&3
  ask "$image"
done
:`
}

/**
 * Shell text that sets `$pause`: containerd and CRI-O say it themselves, with Docker it is a flag of the kubelet, or of
 * cri-dockerd. Of a kubelet that is to come it is that of the others, where kubespray has written their files.
 */
const pauseText = (ofOthers = ''): string => `case $endpoint in '')
  command -v docker || for socket in /run/containerd/containerd.sock /run/crio/crio.sock; do
    [ ! -S "$socket" ] || { endpoint=$socket; break; }
  done ;;
esac
case $endpoint in
  *containerd*) pause=$(containerd config dump |
    sed -n "s/^ *sandbox\\(_image\\)\\{0,1\\} *= *[\\"']\\([^\\"']*\\)[\\"'].*/\\2/p" | head -n 1) ;;
  *crio*) pause=$(cat /etc/crio/crio.conf /etc/crio/crio.conf.d/* |
    sed -n 's/^ *pause_image *= *"\\([^"]*\\)".*/\\1/p' | tail -n 1) ;;
  *) pause=$(cat "$dir/kubelet.env" /etc/systemd/system/cri-docker*.service |
      sed -n 's/.*--pod-infra-container-image[= ]\\([^ "\\\\]*\\).*/\\1/p' | head -n 1)
    [ -n "$pause" ] || pause=${quote(ofOthers)} ;;
esac`
