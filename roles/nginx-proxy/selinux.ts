import { command, type Task } from 'rota'

/** What a web server may listen on by the policy itself. */
const usual = [80, 81, 443, 488, 8008, 8009, 8443, 9000]

export const unusualPorts = (ports: readonly number[]): readonly number[] => ports.filter(port => !usual.includes(port))

/**
 * Where SELinux is enforced (RHEL and its relatives), the distribution's nginx may connect nowhere, and listen on the
 * ports of a web server only. One that is built from source is no web server to the policy.
 */
export const mayServe = (ports: readonly number[]): readonly Task[] => [
  command({
    title: 'SELinux lets nginx connect to the API servers',
    why: 'SELinux is enforced, and httpd_can_network_connect is off',
    unless: `${isOff} || getsebool httpd_can_network_connect 2>/dev/null | grep -q ' on$'`,
    run: ['setsebool', '-P', 'httpd_can_network_connect', 'on'],
  }),
  ...unusualPorts(ports).map(mayListen),
]

const isOff = `[ "$(cat /sys/fs/selinux/enforce 2>/dev/null)" != 1 ] || ! command -v getsebool >/dev/null 2>&1`

const mayListen = (port: number): Task =>
  command({
    title: `SELinux lets nginx listen on ${port}`,
    why: 'SELinux is enforced, and it is no port of a web server',
    unless: `${isOff} || semanage port -l 2>/dev/null | grep -qE '^http_port_t +tcp .*[ ,]${port}(,|$)'`,
    run: `command -v semanage >/dev/null 2>&1 || {
  echo 'SELinux keeps nginx from port ${port}, and there is no semanage to say otherwise: install policycoreutils-python-utils, or set another port' >&2
  exit 1
}
semanage port -a -t http_port_t -p tcp ${port} || semanage port -m -t http_port_t -p tcp ${port}`,
  })
