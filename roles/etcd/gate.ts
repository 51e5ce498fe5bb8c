import { check, gate, holds } from 'rota'
import { etcdctl } from './etcdctl.ts'
import { isLearner } from './promote.ts'

export interface EtcdGateOptions {
  readonly configDir?: string
  readonly clientPort?: number
  /** Seconds; default 120. */
  readonly timeout?: number
}

/**
 * The member on this host answers, and what it answers is agreed upon: `endpoint health` reads a key through the quorum, so it also
 * tells that the cluster has one. A learner does not count yet.
 */
export function etcdHealthy(options: EtcdGateOptions = {}) {
  const access = { configDir: options.configDir ?? '/etc/kube-etcd', clientPort: options.clientPort ?? 2379 }
  return gate({
    name: 'etcd is healthy',
    timeout: options.timeout ?? 120,
    facts: () => ({
      health: check({ run: etcdctl(access, 'endpoint', 'health') }),
      status: check({ run: etcdctl(access, 'endpoint', 'status', '-w', 'json') }),
    }),
    check: ({ health, status }) => {
      const expected = 'a member with a vote in a cluster with a quorum'
      if (health.exitCode !== 0) return { ok: false, expected, saw: lastLine(health.stderr || health.stdout) }
      return isLearner(status.stdout) ? { ok: false, expected, saw: 'a learner' } : holds
    },
  })
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? 'no answer'
