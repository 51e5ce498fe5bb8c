import { quote } from 'rota'

const accept = [
  'oci.image.index.v1',
  'oci.image.manifest.v1',
  'docker.distribution.manifest.list.v2',
  'docker.distribution.manifest.v2',
]
  .map(type => `application/vnd.${type}+json`)
  .join(', ')

/**
 * Shell function `ask IMAGE`: a line to `&3` that says where it is to be had: `there` on the host, what its registry
 * has answered (`000` where it can't be reached), or `unknown`. Nothing is pulled. Where a mirror or a proxy stands
 * between, or the registry wants a login or has a certificate of its own, only the runtime could tell. Needs
 * `$endpoint`; where the kubelet's is not known any runtime will do that has the image.
 */
export const askFunction = `ask() {
  case $endpoint in
    '') docker image inspect "$1" || crictl inspecti "$1" ;;
    *dockershim.sock|*cri-dockerd.sock) docker image inspect "$1" ;;
    *) crictl --runtime-endpoint "unix://$endpoint" inspecti "$1" ;;
  esac && { echo there >&3; return; }
  case $endpoint in
    '') docker version || crictl version ;;
    *dockershim.sock|*cri-dockerd.sock) docker version ;;
    *) crictl --runtime-endpoint "unix://$endpoint" version ;;
  esac || { echo unknown >&3; return; }
  case $1 in *@*) echo unknown >&3; return ;; */*:*) ;; *) echo unknown >&3; return ;; esac
  host=\${1%%/*}; rest=\${1#*/}
  case $host in *.*|*:*) ;; *) echo unknown >&3; return ;; esac
  if [ -d "/etc/containerd/certs.d/$host" ] || [ -d /etc/containerd/certs.d/_default ] ||
    grep -q -e mirrors /etc/containerd/config.toml || grep -q mirrors /etc/docker/daemon.json ||
    grep -q '^ *\\[\\[registry' /etc/containers/registries.conf /etc/containers/registries.conf.d/* ||
    grep -qi 'https.proxy' /etc/systemd/system/containerd.service.d/* /etc/systemd/system/docker.service.d/* \\
      /etc/systemd/system/crio.service.d/* /etc/docker/daemon.json /etc/default/docker /etc/sysconfig/docker ||
    ! command -v curl; then echo unknown >&3; return; fi
  case $host in docker.io) host=registry-1.docker.io ;; esac
  answer=$(curl -sIL --max-time 8 -H ${quote(`Accept: ${accept}`)} -o /dev/null -w '%{http_code}' \\
    "https://$host/v2/\${rest%:*}/manifests/\${rest##*:}")
  # No such name, no connection, no answer in time. What else may be wrong, as with a certificate, a runtime may accept.
  case $? in 0|6|7|28) echo "$answer" ;; *) echo unknown ;; esac >&3
}`

/** What was said of an image. */
export interface Asked {
  readonly image: string
  readonly answer: string
}

/** `IMAGE\tANSWER` a line. */
export const readAsked = (stdout: string): readonly Asked[] =>
  stdout.split('\n').flatMap(line => {
    const [image = '', answer = ''] = line.split('\t')
    return image === '' ? [] : [{ image, answer }]
  })

/** Those that are nowhere, each with where they were looked for. */
export const lostOf = (images: readonly Asked[]): readonly string[] =>
  images.flatMap(({ image, answer }) => {
    if (answer === '404') return [`${image} is not on the host, and its registry has none`]
    if (answer === '000') return [`${image} is not on the host, and its registry does not answer`]
    return []
  })
