import { command, directory, file, flushHandlers, quote } from 'rota'
import { containerFunction, containerPid, listingContent, makeWay } from '../../cluster/index.ts'
import { confOf } from '../conf.ts'
import { type Contained, checkInContainer, containerRunsItsConfiguration, reloadContainer } from '../in-container.ts'
import { chosenProxy, otherProxies } from '../listeners.ts'
import { nginxManifest } from '../manifest.ts'
import { nginxConf } from '../nginx.conf.ts'
import { isServed } from '../place.ts'
import type { Settings } from '../settings.ts'
import type { Variant } from './variant.ts'

/** nginx in a pod of the kubelet's (document 002). A new list of masters is a reload in the container that runs, and no new pod. */
export const staticPod: Variant = {
  tasks: ({ settings, host, listing }) => [
    settings.pullPolicy !== 'Never' && podImage(settings.image),
    directory({ path: settings.configDir }),
    directory({ path: settings.manifestDir }),
    file({
      path: settings.config,
      content: listingContent(listing, listed => nginxConf(confOf(settings, host), listed)),
      mode: '0644',
      validate: checkInContainer(contained(settings)),
      notify: 'reload',
    }),
    makeWay(settings.port, otherProxies(settings, chosenProxy(settings))),
    file({ path: manifestOf(settings), content: nginxManifest(settings), mode: '0640', notify: 'pod' }),
    flushHandlers(),
    isServed(settings),
    containerRunsItsConfiguration(contained(settings)),
  ],
  handlers: settings => ({ pod: newPod(settings), reload: reloadContainer(contained(settings)) }),
}

const manifestOf = ({ manifestDir }: Settings): string => `${manifestDir}/nginx-proxy.yml`

const contained = ({ podName, image, config }: Settings): Contained => ({
  name: podName,
  ref: { pod: podName, container: 'nginx-proxy' },
  image,
  config,
})

/**
 * Fetched beforehand, so that nobody waits for it between the old proxy and the new one. The kubelet may know a way that this host's own
 * tools don't, so a failure is no failure.
 */
const podImage = (image: string) =>
  command({
    title: `image ${image}`,
    changed: false,
    unless: `if crictl info >/dev/null 2>&1; then crictl inspecti ${quote(image)} >/dev/null
elif docker version >/dev/null 2>&1; then docker image inspect ${quote(image)} >/dev/null
fi`,
    run: `if crictl info >/dev/null 2>&1; then crictl pull ${quote(image)}
else docker pull -q ${quote(image)}
fi || echo 'it could not be fetched now: the kubelet does it'`,
  })

/**
 * Waits for the kubelet to make the pod of a new manifest: nginx is younger than it. Where the kubelet finds nothing new in it, the pod
 * that runs is the right one. The image may have to be fetched first.
 */
const newPod = (settings: Settings) => {
  const { ref } = contained(settings)
  return command({
    title: `the kubelet runs the pod ${settings.podName}`,
    run: `ticks=$(getconf CLK_TCK 2>/dev/null || echo 100)
running() {
  pid=$( ${containerFunction(ref)}
${containerPid}
) && [ "\${pid:-0}" -gt 0 ]
}
isNew() {
  start=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f20)
  age=$(( $(date +%s) - $(stat -c %Y ${quote(manifestOf(settings))}) + 1 ))
  [ -n "$start" ] && [ $(( $(cut -d. -f1 /proc/uptime) - start / ticks )) -le "$age" ]
}
begin=$(date +%s)
while :; do
  waited=$(( $(date +%s) - begin ))
  if running; then
    if isNew || [ "$waited" -ge 60 ]; then exit 0; fi
  elif [ "$waited" -ge 300 ]; then
    echo ${quote(`the kubelet has not started the pod ${settings.podName} within 300 s: see its log, journalctl -u kubelet`)} >&2
    exit 1
  fi
  sleep 0.5
done`,
  })
}
