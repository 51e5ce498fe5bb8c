import { command, quote, type Task } from 'rota'
import { type ContainerRef, containerFunction, containerPid } from './container.ts'

/** Shell text that succeeds where the image is on the host, or where nobody can tell; fails where it is not. */
export const imageIsThere = (
  image: string,
): string => `if crictl info >/dev/null 2>&1; then crictl inspecti ${quote(image)} >/dev/null 2>&1
elif docker version >/dev/null 2>&1; then docker image inspect ${quote(image)} >/dev/null 2>&1
fi`

/**
 * The image of a static pod, fetched beforehand, so that nobody waits for it between the old proxy and the new one. The
 * kubelet may know a way that this host's own tools don't, so a failure is no failure as long as nothing is stopped for
 * it (`stopsOnlyWith` of makeWay).
 */
export const podImage = (image: string): Task =>
  command({
    title: `image ${image}`,
    changed: false,
    unless: imageIsThere(image),
    run: `if crictl info >/dev/null 2>&1; then crictl pull ${quote(image)}
else docker pull -q ${quote(image)}
fi || echo 'it could not be fetched now: the kubelet does it'`,
  })

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
