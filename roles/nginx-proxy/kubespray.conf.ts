import type { HostView } from 'rota'
import { endpoint } from '../lib/cluster/address.ts'
import type { NginxConf } from './nginx.conf.ts'

type Conf = Pick<NginxConf, 'listen' | 'port' | 'apiserverPort' | 'healthPort'> & { readonly keepaliveTimeout: string }

/**
 * What kubespray writes for a node's proxy, to the letter: its next run finds nothing to change, and starts no pod
 * anew. Source: roles/kubernetes/node/templates/loadbalancer/nginx.conf.j2 of 2.25 to 2.32; the last has 65535 open
 * files.
 */
export const kubesprayConf = (conf: Conf, masters: readonly HostView[]): string => `error_log stderr notice;

worker_processes 2;
worker_rlimit_nofile 130048;
worker_shutdown_timeout 10s;

events {
  multi_accept on;
  use epoll;
  worker_connections 16384;
}

stream {
  upstream kube_apiserver {
    least_conn;
    ${masters.map(master => `server ${endpoint(master.address, conf.apiserverPort)};\n    `).join('')}}

  server {
${conf.listen.map(address => `    listen        ${endpoint(address, conf.port)};\n`).join('')}    proxy_pass    kube_apiserver;
    proxy_timeout 10m;
    proxy_connect_timeout 1s;
  }
}

http {
  aio threads;
  aio_write on;
  tcp_nopush on;
  tcp_nodelay on;

  keepalive_timeout ${conf.keepaliveTimeout};
  keepalive_requests 100;
  reset_timedout_connection on;
  server_tokens off;
  autoindex off;

  ${conf.healthPort > 0 ? healthServer(conf) : ''}}
`

const healthServer = ({ healthPort, listen }: Conf): string => `server {
    listen ${healthPort};
    ${listen.includes('::1') ? `listen [::]:${healthPort};\n    ` : ''}location /healthz {
      access_log off;
      return 200;
    }
    location /stub_status {
      stub_status on;
      access_log off;
    }
  }
  `
