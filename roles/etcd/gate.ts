import { facts, gate, holds } from 'rota'
import { fromVariables } from '../lib/cluster/index.ts'
import { etcdctl } from './etcdctl.ts'
import { params } from './params.ts'
import { isLearner } from './promote.ts'

export interface EtcdGateOptions {
  /** Default: the role's variables, etcd_config_dir first; /etc/kube-etcd. */
  readonly configDir?: string
  /** Default: the role's variables, etcd_client_port first; 2379. */
  readonly clientPort?: number
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
    vars: etcdAt.vars,
    timeout: options.timeout ?? 120,
    facts: host => {
      const at = etcdAt.of(host, options)
      // A member that kubeadm made is ready with its master: the gate of the masters tells.
      if (at.deployment !== 'host')
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

const { configDir, clientPort, deployment } = params.properties

/** Where a member is, by the variables of the role etcd. */
export const etcdAt = fromVariables('etcd', { configDir, clientPort, deployment })

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? 'no answer'
