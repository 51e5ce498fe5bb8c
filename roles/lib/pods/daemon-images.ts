import { quote } from 'rota'
import { tagOfVersion } from '../version.ts'

const daemons = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const

/**
 * Shell function `daemon_images`: the images of a version's control plane, a line each, from where those of the static
 * pods come now; kube-proxy's too where a pod of it has run on the host. Nothing on a host without static pods.
 */
export const daemonImages = (params: { readonly manifestDir: string; readonly kubeVersion: string }): string =>
  `daemon_images() {
  for name in ${daemons.join(' ')}; do
    image=$(sed -n "s|^ *image: *\\"\\{0,1\\}\\([^ @\\"]*/$name\\):.*|\\1|p" ${quote(params.manifestDir)}/"$name.yaml" 2>/dev/null | head -n 1)
    [ -n "$image" ] || continue
    echo "$image:"${quote(tagOfVersion(params.kubeVersion))}
    [ "$name" != kube-apiserver ] || ! ls -d /var/log/pods/kube-system_kube-proxy-* >/dev/null 2>&1 ||
      echo "\${image%/*}/kube-proxy:"${quote(tagOfVersion(params.kubeVersion))}
  done
}`
