// @ts-check
import { execa } from 'execa'
import * as content from './content.mjs'

/**
 * Takes everything away that the steps have made, by Docker, so that a first run is a first run.
 * @param {readonly { container: string }[]} hosts
 */
export async function reset(hosts) {
  const paths = [
    ...content.files({ hosts: [], vip: '', upstreams: 0 }).map(({ path }) => path),
    ...[
      '/etc/bench',
      '/var/lib/bench',
      '/var/log/bench',
      '/etc/sysctl.d/90-bench.conf',
      '/var/lib/rota',
      '/etc/nginx',
      '/etc/haproxy',
    ],
  ]
  const script = `export DEBIAN_FRONTEND=noninteractive
apt-get purge -q -y ${content.packages.join(' ')} && apt-get autoremove -q -y --purge
rm -rf ${paths.join(' ')} /etc/keepalived
! getent passwd bench >/dev/null || userdel bench
! getent group bench >/dev/null || groupdel bench
sed '/^# BEGIN bench$/,/^# END bench$/d' /etc/hosts >/tmp/hosts && cat /tmp/hosts >/etc/hosts
systemctl reset-failed; systemctl daemon-reload`
  await Promise.all(hosts.map(({ container }) => execa('docker', ['exec', container, 'sh', '-c', script])))
}
