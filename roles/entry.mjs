// The names of roles/index.ts once more: Node links a playbook's imports before anything can teach it TypeScript (see load).
// test/unit/entry.test.ts holds this list against the real one.
// First the engine: the roles stand on it, and in sources the two must not be loaded at the same time.
import 'rota'
import { load } from '../engine/load/index.mjs'

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
  majority,
  nginxProxy,
  nodeAbsent,
} = await load('roles')
