import { command } from 'rota'

const isOn = "getsebool haproxy_connect_any 2>/dev/null | grep -q ' on$'"

/**
 * Where SELinux is enforced (RHEL and its relatives), haproxy may listen on and connect to the ports of a web server
 * only, which 6443 and 10080 are not, unless this switch is on.
 */
export const mayConnectAnywhere = command({
  title: 'SELinux lets haproxy connect to the API servers',
  why: 'SELinux is enforced, and haproxy_connect_any is off',
  unless: `[ "$(cat /sys/fs/selinux/enforce 2>/dev/null)" != 1 ] || ! command -v getsebool >/dev/null 2>&1 || ${isOn}`,
  run: ['setsebool', '-P', 'haproxy_connect_any', 'on'],
})
