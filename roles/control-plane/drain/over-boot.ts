import { type ClusterOf, type RemoteShell, type Shell, sh } from 'rota'
import { arm, type cluster, podRanges } from '../../lib/cluster/index.ts'
import { closePort, isPortClosed, undrain } from './closed-port.ts'

type Values = Pick<
  ClusterOf<typeof cluster>,
  'apiserverPort' | 'drainLimit' | 'podAddresses' | 'podAddressesV6' | 'ipv4Stack' | 'ipv6Stack'
>

/** Turns new connections away, with the net that lets them in again. */
export async function turnAway($: RemoteShell, values: Values): Promise<void> {
  const { apiserverPort: port, drainLimit } = values
  await $`${arm(undrain(port, drainLimit))}`
  await $`${closePort(port, podRanges(values))}`
}

/**
 * Does something in which the host boots anew. The kernel forgets then that a port is closed, and an API server takes
 * connections before it is ready: so a unit closes the port again before the kubelet starts, and arms the net once
 * more, for nobody may come back. Afterwards the run is the one that is waited for. Nothing of it where the port is not
 * closed.
 */
export async function closedOverBoot<T>($: RemoteShell, values: Values, work: () => Promise<T>): Promise<T> {
  const isClosed = await $`${isPortClosed(values.apiserverPort)}`.nothrow()
  if (isClosed.exitCode !== 0) return work()
  await $`${closeAtBoot(values)}`
  try {
    const result = await work()
    // Not both at once.
    await $`${hasClosed(values.apiserverPort)}`.timeout(90).nothrow()
    await turnAway($, values)
    return result
  } finally {
    // A host that can't be reached does it by itself, when it boots.
    await $`${notAtBoot(values.apiserverPort)}`.nothrow().catch(() => {})
  }
}

const placesOf = (port: number) => ({
  unit: `rota-closed-${port}.service`,
  file: `/etc/systemd/system/rota-closed-${port}.service`,
  script: `/var/lib/rota/closed-${port}`,
})

/** Shell text that waits for the unit, for a minute. */
const hasClosed = (port: number): Shell => sh`for look in $(seq 60); do
  case $(systemctl is-active ${placesOf(port).unit} || :) in active | failed) exit 0 ;; esac
  sleep 1
done`

/**
 * Firewalls load their rules first, and may take away what is there. The unit is for one boot: it goes before it does
 * anything, so that one that was left closes nothing later.
 */
export function closeAtBoot(values: Values): Shell {
  const { apiserverPort: port, drainLimit } = values
  const { unit, file, script } = placesOf(port)
  const { text } = sh`${notAtBoot(port)}
${arm(undrain(port, drainLimit))}
${closePort(port, podRanges(values))}`
  return sh`set -eu
umask 077
printf '%s\n' ${`all() {\n${text}\n}\nall`} >${script}
umask 022
printf '%s\n' ${unitText(script)} >${file}
systemctl daemon-reload
systemctl -q enable ${unit}`
}

/** Shell text that has the next boot close nothing; nothing is done where it would not. */
export const notAtBoot = (port: number): Shell => sh`${forgotten(port)}
! systemctl -q is-active ${placesOf(port).unit} 2>/dev/null || systemctl stop ${placesOf(port).unit}`

function forgotten(port: number): Shell {
  const { unit, file, script } = placesOf(port)
  return sh`if [ -e ${file} ]; then systemctl -q disable ${unit} || :; rm -f ${file} ${script}; fi`
}

const unitText = (script: string): string => `[Unit]
Description=Turns new connections to the API server away until it is ready (Rota, for one boot)
After=network-pre.target firewalld.service ufw.service nftables.service netfilter-persistent.service iptables.service
Before=kubelet.service kube-apiserver.service containerd.service crio.service docker.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ${script}

[Install]
WantedBy=multi-user.target`
