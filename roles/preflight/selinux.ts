import { type Check, type Finding, facts, hostCheck } from 'rota'

/**
 * Where SELinux is enforced, the distribution's nginx may listen on the ports of a web server alone. On others the role
 * lets it, and needs `semanage` for that, which a small installation of RHEL has not.
 */
export const selinuxLetsServe = (ports: readonly number[]): Check =>
  hostCheck({
    name: 'SELinux',
    facts: { selinux: facts.command({ run: selinuxText }) },
    verdict: ({ selinux }) => judgeSelinux(ports, selinux.stdout),
  })

const selinuxText = `[ "$(cat /sys/fs/selinux/enforce 2>/dev/null)" = 1 ] || { echo off; exit 0; }
echo enforced
! command -v semanage >/dev/null || echo semanage`

export function judgeSelinux(ports: readonly number[], stdout: string): Finding {
  const expected = 'SELinux lets nginx listen'
  const [state, semanage] = stdout.split('\n')
  if (state !== 'enforced') return { ok: true, expected, saw: 'not enforced' }
  if (semanage === 'semanage') return { ok: true, expected, saw: 'enforced, with semanage' }
  const which = `port${ports.length > 1 ? 's' : ''} ${ports.join(' and ')}`
  return {
    ok: true,
    expected,
    saw: 'enforced',
    warnings: [
      `SELinux is enforced and there is no semanage: nginx may be kept from ${which}; install policycoreutils-python-utils`,
    ],
  }
}
