import { facts, gate, holds } from 'rota'
import { cluster } from '../lib/cluster/index.ts'
import { etcdctl } from './etcdctl.ts'
import { isLearner } from './promote.ts'

export interface EtcdGateOptions {
  /** Seconds; default 120. */
  readonly timeout?: number
}

/**
 * The member on this host answers, and what it answers is agreed upon: `endpoint health` reads a key through the
 * quorum, so it also tells that the cluster has one. A learner does not count yet.
 */
export function etcdHealthy(options: EtcdGateOptions = {}) {
  return gate({
    name: 'etcd is healthy',
    cluster,
    timeout: options.timeout ?? 120,
    facts: ({ cluster: { etcdDeployment, etcdConfigDir: configDir, etcdClientPort: clientPort } }) => {
      const at = { configDir, clientPort }
      // A member that kubeadm made is ready with its master: the gate of the masters tells.
      if (etcdDeployment !== 'host')
        return { health: facts.command({ run: 'true' }), status: facts.command({ run: 'true' }) }
      return {
        health: facts.command({ run: etcdctl(at, 'endpoint', 'health') }),
        status: facts.command({ run: etcdctl(at, 'endpoint', 'status', '-w', 'json') }),
      }
    },
    check: ({ health, status }) => {
      const expected = 'a member with a vote in a cluster with a quorum'
      if (health.exitCode !== 0) return { ok: false, expected, saw: lastLine(health.stderr || health.stdout) }
      return isLearner(status.stdout) ? { ok: false, expected, saw: 'a learner' } : holds
    },
  })
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? 'no answer'
