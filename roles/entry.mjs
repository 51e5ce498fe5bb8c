// The names of roles/index.ts once more: Node links a playbook's imports before anything can teach it TypeScript (see
// load). test/unit/entry.test.ts writes this list (UPDATE_GOLDEN=1) and holds it against the real one. First the
// engine: the roles stand on it, and in sources the two must not be loaded at the same time.
import 'rota'
import { load } from '../engine/load/index.mjs'

export const {
  apiServerReady,
  checkHa,
  clientsDoWithout,
  cluster,
  controlPlane,
  controlPlaneAbsent,
  drainApiServer,
  drainNode,
  etcd,
  etcdAbsent,
  etcdForget,
  etcdHealthy,
  etcdIsOurs,
  etchosts,
  haproxy,
  haproxyAbsent,
  haproxyProxy,
  isGone,
  keepalived,
  keepalivedAbsent,
  kubeBinaries,
  kubeClients,
  kubesprayInventory,
  lvsRealServer,
  lvsRealServerAbsent,
  majority,
  nginxBuild,
  nginxProxy,
  nginxVip,
  nginxVipAbsent,
  noWorkers,
  nodeAbsent,
  nodeProxyAbsent,
  nodeServes,
} = await load('roles')
