import { facts, gate, holds, type Verdict } from 'rota'
import { cluster, isEtcdOfHosts } from '../lib/cluster/index.ts'
import type { etcdDeployment } from '../lib/cluster/params.ts'
import { etcdctl } from './etcdctl.ts'
import { envPath } from './kubespray/paths.ts'
import { isLeader } from './leave.ts'
import { isLearner } from './promote.ts'

export interface EtcdGateOptions {
  /** Seconds; default 120. */
  readonly timeout?: number
}

/**
 * The member on this host answers, and what it answers is agreed upon: `endpoint health` reads a key through the
 * quorum, so it also tells that the cluster has one. A learner does not count yet. The one that leads goes last, so
 * that leadership moves once.
 */
export function etcdHealthy(options: EtcdGateOptions = {}) {
  return gate({
    name: 'etcd is healthy',
    cluster,
    timeout: options.timeout ?? 120,
    facts: ({ cluster }) => memberFacts(cluster),
    check: seen => judged(seen),
    last: ({ status }) => isLeader(status.stdout),
  })
}

/** The same for members that there are: a host that is to become one is in nobody's way, and is not counted as down. */
export function etcdMembersHealthy(options: EtcdGateOptions = {}) {
  return gate({
    name: 'etcd is healthy',
    cluster,
    timeout: options.timeout ?? 120,
    facts: ({ cluster }) => ({
      ...memberFacts(cluster),
      own: facts.path({ path: `/etc/systemd/system/${cluster.etcdUnit}.service` }),
      theirs: facts.path({ path: envPath }),
    }),
    check: ({ own, theirs, ...seen }) => (own.type === 'absent' && theirs.type === 'absent' ? holds : judged(seen)),
    last: ({ status }) => isLeader(status.stdout),
  })
}

/** One member at a time is away, whatever the number of members. */
export const allButOne = (total: number): number => Math.max(0, total - 1)

interface At {
  readonly etcdDeployment: (typeof etcdDeployment.enum)[number]
  readonly etcdConfigDir: string
  readonly etcdClientPort: number
}

function memberFacts({ etcdDeployment, etcdConfigDir: configDir, etcdClientPort: clientPort }: At) {
  const at = { configDir, clientPort }
  // A member that kubeadm made is ready with its master: the gate of the masters tells.
  if (!isEtcdOfHosts(etcdDeployment))
    return { health: facts.command({ run: 'true' }), status: facts.command({ run: 'true' }) }
  return {
    health: facts.command({ run: etcdctl(at, 'endpoint', 'health') }),
    status: facts.command({ run: etcdctl(at, 'endpoint', 'status', '-w', 'json') }),
  }
}

interface Said {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

function judged({ health, status }: { readonly health: Said; readonly status: Said }): Verdict {
  const expected = 'a member with a vote in a cluster with a quorum'
  if (health.exitCode !== 0) return { ok: false, expected, saw: lastLine(health.stderr || health.stdout) }
  return isLearner(status.stdout) ? { ok: false, expected, saw: 'a learner' } : holds
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? 'no answer'
