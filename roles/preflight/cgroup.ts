import { type Check, type Finding, facts, hostCheck } from 'rota'
import { atLeast, withV } from '../lib/cluster/index.ts'
import type { Params } from './params.ts'

/**
 * kubelets from 1.35 on do not start where cgroups are of version 1, unless `failCgroupV1: false` tells them to.
 * Source: Kubernetes' "About cgroup v2", deprecation of cgroup v1.
 */
export const cgroupSuits = ({ kubeVersion }: Params): Check =>
  hostCheck({
    name: 'cgroups',
    facts: { cgroup: facts.command({ run: cgroupText }) },
    verdict: ({ cgroup }) => judgeCgroup(kubeVersion, cgroup.stdout),
  })

const cgroupText = `if [ -e /sys/fs/cgroup/cgroup.controllers ]; then echo v2
elif [ -d /sys/fs/cgroup ]; then echo v1; fi
cat /var/lib/kubelet/config.yaml /etc/kubernetes/kubelet-config.yaml 2>/dev/null |
  grep -Eq '^ *failCgroupV1: *"?false' && echo tolerated
:`

export function judgeCgroup(kubeVersion: string, stdout: string): Finding {
  const [version = '', tolerated] = stdout.split('\n')
  const expected = `version 2, for a kubelet ${withV(kubeVersion)}: boot with systemd.unified_cgroup_hierarchy=1, or set failCgroupV1: false in the kubelet's configuration`
  if (!atLeast(kubeVersion, '1.35')) return { ok: true, expected, saw: 'any version will do' }
  if (version === 'v1' && tolerated !== 'tolerated') return { ok: false, expected, saw: 'version 1' }
  return { ok: true, expected, saw: version === 'v1' ? 'version 1, which the kubelet is told to accept' : 'version 2' }
}
