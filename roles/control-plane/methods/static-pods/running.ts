import { command, quote, type Task, waitFor } from 'rota'
import { type DaemonName, daemonNames } from '../../daemons/daemons.ts'
import { manifestLabel } from './manifest.ts'

export const manifestOf = (dir: string, name: DaemonName): string => `${dir}/${name}.yaml`

/**
 * The daemon that runs is the one of its manifest, and no older one beside it. The kubelet makes a new pod of a changed
 * manifest while the old one still answers on its port, so that an answer alone proves nothing; the pod has the
 * manifest's label.
 */
export const podRuns = (dir: string, name: DaemonName, timeout: number): Task =>
  waitFor({
    title: `wait until ${name} is the pod of its manifest`,
    check: { run: podCheck(manifestOf(dir, name), name) },
    timeout,
  })

const podCheck = (manifest: string, name: DaemonName): string => `wanted=$(sed -n ${quote(
  `s/^ *${manifestLabel}: "\\([0-9a-f]*\\)"$/\\1/p`,
)} ${quote(manifest)} 2>/dev/null)
[ -n "$wanted" ] || { echo 'there is no manifest'; exit 1; }
if command -v docker >/dev/null 2>&1; then
  all=$(docker ps -q --no-trunc ${containersOf(name)})
  for id in $all; do
    uid=$(docker inspect -f '{{index .Config.Labels "io.kubernetes.pod.uid"}}' "$id")
    new=$(docker ps -q -f "label=io.kubernetes.pod.uid=$uid" -f label=io.kubernetes.container.name=POD -f ${quote(`label=${manifestLabel}=`)}"$wanted")
    [ -n "$new" ] || { echo 'the old one still runs'; exit 1; }
  done
  [ -z "$all" ] || exit 0
fi
if command -v crictl >/dev/null 2>&1; then
  all=$(crictl ps -q --name ${quote(`^${name}$`)} --label io.kubernetes.pod.namespace=kube-system 2>/dev/null)
  pod=$(crictl pods -q --state ready --label ${quote(`${manifestLabel}=`)}"$wanted" 2>/dev/null)
  [ -z "$pod" ] || [ -z "$all" ] || [ "$(crictl ps -q --pod "$pod" --name ${quote(`^${name}$`)} 2>/dev/null)" != "$all" ] || exit 0
fi
echo 'no container runs'
exit 1`

const containersOf = (name: DaemonName | 'etcd'): string =>
  `-f ${quote(`label=io.kubernetes.container.name=${name}`)} -f label=io.kubernetes.pod.namespace=kube-system`

/** Shell text that succeeds while a container of the daemon, or of kubeadm's etcd, runs. */
export const containerRuns = (
  name: DaemonName | 'etcd',
): string => `{ { command -v docker >/dev/null 2>&1 && docker ps -q ${containersOf(name)}
  command -v crictl >/dev/null 2>&1 && crictl ps -q --name ${quote(`^${name}$`)} --label io.kubernetes.pod.namespace=kube-system; } 2>/dev/null | grep -q .; }`

/** No unit of the daemon: it is a static pod from now on. */
export const noUnit = (name: DaemonName): Task => {
  const path = `/etc/systemd/system/${name}.service`
  return command({
    title: `no unit ${name}`,
    why: 'there is one',
    onlyIf: `[ -e ${path} ]`,
    run: `set -e
systemctl disable --now -q ${name}
rm -f ${path}
systemctl daemon-reload
systemctl reset-failed -q ${name} 2>/dev/null || :`,
  })
}

/** No manifest of the daemons, and none of their containers: they are gone, or units from now on. */
export const noPods = (dir: string): Task => {
  const manifests = daemonNames.map(name => quote(manifestOf(dir, name))).join(' ')
  return command({
    title: 'no static pods of the control plane',
    why: 'there are some',
    // Those of a kubelet that is gone can't be left behind, either.
    onlyIf: `for f in ${manifests}; do [ ! -e "$f" ] || exit 0; done
exit 1`,
    run: `rm -f ${manifests}
for try in $(seq 90); do
  if ${daemonNames.map(containerRuns).join(' ||\n    ')}; then sleep 1; else exit 0; fi
done
echo 'the kubelet has not stopped them within 90 s' >&2
exit 1`,
  })
}
