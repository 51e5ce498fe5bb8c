import { play, playbook } from 'rota'
import { etchosts, haproxy, keepalived, nginxProxy } from 'rota/roles'

// What writes the addresses of hosts into the configurations of others.
await playbook('configs', [
  play('masters', { hosts: 'kube_control_plane', roles: [keepalived(), haproxy(), etchosts()] }),
  play('nodes', { hosts: 'kube_node', roles: [nginxProxy()] }),
])
