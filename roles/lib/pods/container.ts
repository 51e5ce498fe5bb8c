import { quote } from 'rota'

/**
 * A container that is looked for on a host: of a static pod by its pod and name, or one that Docker itself was told to
 * run.
 */
export type ContainerRef = { readonly pod: string; readonly container: string } | { readonly docker: string }

/**
 * Shell function `container`: sets `$runtime` (`docker` or `crictl`) and `$id` of the running container, or fails.
 * Whichever runtime has it is used: a host may have Docker and a kubelet that runs containerd. The kubelet names
 * Docker's containers `k8s_CONTAINER_POD-NODE_NAMESPACE_UID_ATTEMPT`.
 */
export function containerFunction(ref: ContainerRef): string {
  const key = 'docker' in ref ? ref.docker : `${ref.pod} ${ref.container}`
  const known = functions.get(key) ?? functionOf(ref)
  functions.set(key, known)
  return known
}

// Memory of a pure function: every host of a cluster has the same few containers.
const functions = new Map<string, string>()

const functionOf = (ref: ContainerRef): string => `container() {
  id=
  if command -v docker >/dev/null 2>&1; then
    id=$(docker ps -q --no-trunc -f ${quote(`name=${dockerName(ref)}`)} 2>/dev/null | head -n 1)
    runtime=docker
  fi
${'docker' in ref ? '' : crictl(ref)}  [ -n "$id" ]
}`

/**
 * Shell text that prints the process of the host that is the container's first one; fails when it does not run. Needs
 * `container`.
 */
export const containerPid = `container && case $runtime in
  docker) docker inspect -f '{{.State.Pid}}' "$id" ;;
  crictl) crictl inspect --output go-template --template '{{.info.pid}}' "$id" ;;
esac`

/**
 * The last branches of an `if` that has neither found the container nor Docker: nobody can check what is to replace the
 * file.
 */
export const orRefuse = (config: string): string => `elif [ -e ${quote(config)} ] && ! crictl info >/dev/null 2>&1; then
  echo ${quote(`neither Docker nor crictl answers on this host: nobody can check what would replace ${config}`)} >&2
  exit 1`

/** Shell text that runs a command in the container. Needs `container`. */
export const inContainer = (words: readonly string[]): string =>
  `container && "$runtime" exec "$id" ${words.map(quote).join(' ')}`

/** Of all static pods here: a pod of the same name elsewhere, such as an ingress, is somebody else's. */
const namespace = 'kube-system'

// A name filter is a regular expression to both.
const dockerName = (ref: ContainerRef): string =>
  'docker' in ref
    ? `^/?${escaped(ref.docker)}$`
    : `^/?k8s_${escaped(ref.container)}_${escaped(ref.pod)}-[^_]*_${namespace}_`

const crictl = ({ pod, container }: { readonly pod: string; readonly container: string }): string =>
  `  if [ -z "$id" ] && command -v crictl >/dev/null 2>&1; then
    sandbox=$(crictl pods -q --state ready --namespace ${namespace} --name ${quote(`^${escaped(pod)}-`)} 2>/dev/null | head -n 1)
    [ -z "$sandbox" ] || id=$(crictl ps -q --pod "$sandbox" --name ${quote(`^${escaped(container)}$`)} 2>/dev/null | head -n 1)
    runtime=crictl
  fi
`

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
