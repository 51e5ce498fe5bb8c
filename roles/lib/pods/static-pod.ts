import { command, quote, type Task } from 'rota'
import { type ContainerRef, containerFunction, containerPid } from './container.ts'

/**
 * Shell functions: `has IMAGE` succeeds where the image is on the host, `pull IMAGE` fetches it, both by whichever
 * program the host has; both end with 3 where it has none. crictl and nerdctl may be where only a login shell looks.
 */
const imageFunctions = `PATH=$PATH:/usr/local/bin
tool() {
  if crictl info >/dev/null 2>&1; then echo crictl
  elif docker version >/dev/null 2>&1; then echo docker
  elif nerdctl -n k8s.io info >/dev/null 2>&1; then echo nerdctl
  elif ctr version >/dev/null 2>&1; then echo ctr
  fi
}
has() {
  case $(tool) in
    crictl) crictl inspecti "$1" >/dev/null 2>&1 ;;
    docker) docker image inspect "$1" >/dev/null 2>&1 ;;
    nerdctl) nerdctl -n k8s.io image inspect "$1" >/dev/null 2>&1 ;;
    ctr) ctr -n k8s.io images ls -q 2>/dev/null | grep -qxF -e "$1" -e "docker.io/$1" -e "docker.io/library/$1" ;;
    *) return 3 ;;
  esac
}
pull() {
  case $(tool) in
    crictl) crictl pull "$1" ;;
    docker) docker pull -q "$1" ;;
    nerdctl) nerdctl -n k8s.io pull -q "$1" ;;
    ctr) ctr -n k8s.io images pull "$1" ;;
    *) return 3 ;;
  esac
}`

/** Shell text that succeeds where the image is on the host, or where nobody can tell; fails where it is not. */
export const imageIsThere = (image: string): string => `${imageFunctions}
has ${quote(image)} || [ $? -eq 3 ]`

/**
 * The image of a static pod, fetched beforehand, so that nobody waits for it between the old proxy and the new one. For
 * a first pod it is refused where it can't be had, before anything is written; one that runs goes on with what it has,
 * and its configuration may change all the same. With `keeps`: its manifest keeps the image that it names, and nothing
 * is fetched.
 */
export const podImage = (image: string, manifest: string, { keeps }: { readonly keeps: boolean }): Task =>
  command({
    title: `image ${image}`,
    why: 'it is not on this host',
    changed: false,
    unless: podHasImage(image, keeps ? manifest : undefined),
    run: `${imageFunctions}
pull ${quote(image)} >&2 && exit 0
[ -e ${quote(manifest)} ] || ${imageIsMissed(image)}
echo 'it could not be fetched now: the pod goes on with the image that it has'`,
  })

/**
 * The same where something is about to be stopped that nothing but the pod takes the place of: an image that can't be
 * had is refused, while it still runs.
 */
export const podImageFirst = (image: string, pullPolicy: string, manifest?: string): Task =>
  command({
    title: `image ${image}`,
    why: 'it is not on this host',
    changed: false,
    unless: podHasImage(image, manifest),
    run:
      pullPolicy === 'Never'
        ? imageIsMissed(image, 'is never fetched')
        : `${imageFunctions}
pull ${quote(image)} >&2 || ${imageIsMissed(image)}`,
    timeout: 600,
  })

const podHasImage = (image: string, manifest: string | undefined): string =>
  `${manifest === undefined ? '' : `[ ! -e ${quote(manifest)} ] || exit 0\n`}${imageIsThere(image)}`

/**
 * What a manifest has to pass before it takes the place of another (`validate`): its image is on the host or can be
 * fetched. The kubelet ends the old pod before it looks for the new one's image.
 */
export const hasItsImage = (manifest: string): string => `# the image of the new manifest
${imageFunctions}
image=$(sed -n 's/^[ -]*image:[ ]*//p' %s | head -n 1 | tr -d "\\"'")
has "$image" && exit 0
there=$?
if [ "$there" -eq 3 ]; then
  [ -e ${quote(manifest)} ] || exit 0
  echo "neither crictl nor docker, nerdctl or ctr answers on this host: nobody can tell whether the image $image is there, so the pod stays as it is" >&2
  exit 1
fi
pull "$image" >&2 && exit 0
echo "the image $image is not on this host and could not be fetched: the pod stays as it is. Put the image on the host, or set one that is there" >&2
exit 1`

/** Shell text that succeeds where all images that shell words name are on the host, or where nobody can tell. */
export const areThere = (words: string): string => `${imageFunctions}
for image in ${words}; do
  has "$image" || [ $? -eq 3 ] || exit 1
done`

/**
 * Shell text that fetches images which the host has not, and fails where one can't be had, with all of these. Where no
 * program can tell, it succeeds.
 */
export const fetchImages = (images: readonly string[]): string => fetchFound(images.map(quote).join(' '))

/** The same for those that shell words name, such as `$(some_function)`. */
export const fetchFound = (words: string): string => `${imageFunctions}
missing=
for image in ${words}; do
  has "$image" && continue
  [ $? -ne 3 ] || continue
  pull "$image" >/dev/null 2>&1 || missing="$missing $image"
done
[ -z "$missing" ] || { echo "not on this host, and not to be fetched:$missing" >&2; exit 1; }`

/** Shell text that fails for an image that can't be had, before anything is changed for its sake. */
export const imageIsMissed = (image: string, why = 'could not be fetched'): string =>
  `{ echo ${quote(`the image ${image} is not on this host and ${why}: what runs goes on as it is. Put the image on the host, or set one that is there`)} >&2; exit 1; }`

/**
 * What makeWay wants before it stops another proxy for a pod. An image that is never pulled is the operator's own
 * business.
 */
export const imageFirst = (image: string, pullPolicy: string) =>
  pullPolicy === 'Never'
    ? {}
    : {
        stopsOnlyWith: {
          check: imageIsThere(image),
          reason: `the image ${image} is not on this host and could not be fetched: what has the port now goes on`,
        },
      }

/**
 * A handler: waits for the kubelet to make the pod of a new manifest: its process is younger than that. Where the
 * kubelet finds nothing new in it, the pod that runs is the right one; one that is replaced may take its time, so it is
 * not believed at once.
 */
export const newPod = (options: {
  readonly ref: ContainerRef & { readonly pod: string }
  readonly manifest: string
  readonly timeout?: number
}): Task => {
  const { ref, manifest, timeout = 300 } = options
  return command({
    title: `the kubelet runs the pod ${ref.pod}`,
    timeout: Math.max(timeout, 90) + 60,
    run: `ticks=$(getconf CLK_TCK 2>/dev/null || echo 100)
running() {
  pid=$( ${containerFunction(ref)}
${containerPid}
) && [ "\${pid:-0}" -gt 0 ]
}
isNew() {
  start=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f20)
  age=$(( $(date +%s) - $(stat -c %Y ${quote(manifest)}) + 1 ))
  [ -n "$start" ] && [ $(( $(cut -d. -f1 /proc/uptime) - start / ticks )) -le "$age" ]
}
begin=$(date +%s)
while :; do
  waited=$(( $(date +%s) - begin ))
  if running; then
    if isNew || [ "$waited" -ge 90 ]; then exit 0; fi
  elif [ "$waited" -ge ${timeout} ]; then
    echo ${quote(`the kubelet has not started the pod ${ref.pod} within ${timeout} s: see its log, journalctl -u kubelet`)} >&2
    exit 1
  fi
  sleep 0.5
done`,
  })
}
