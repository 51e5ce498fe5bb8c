// The names of roles/index.ts once more: Node links a playbook's imports before anything can teach it TypeScript (see register.mjs).
// test/unit/entry.test.ts holds this list against the real one.
import 'rota'

export const {
  apiServerReady,
  checkHa,
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
  haproxyProxy,
  isGone,
  keepalived,
  keepalivedAbsent,
  kubeBinaries,
  lvsRealServer,
  lvsRealServerAbsent,
  majority,
  nginxBuild,
  nginxProxy,
  nginxVip,
  nginxVipAbsent,
  nodeAbsent,
  nodeProxyAbsent,
} = await import('./index.ts')
