// The names of roles/index.ts once more: Node links a playbook's imports before anything can teach it TypeScript (see register.mjs).
// test/unit/entry.test.ts holds this list against the real one.
import 'rota'

export const {
  apiServerReady,
  controlPlane,
  controlPlaneAbsent,
  drainApiServer,
  drainNode,
  etcd,
  etcdAbsent,
  etcdForget,
  etcdHealthy,
  etchosts,
  haproxy,
  haproxyAbsent,
  isGone,
  keepalived,
  keepalivedAbsent,
  kubeBinaries,
  kubeClients,
  majority,
  nginxProxy,
  nodeAbsent,
  nodeServes,
} = await import('./index.ts')
