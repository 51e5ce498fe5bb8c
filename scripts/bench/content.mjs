// @ts-check
// What every tool of the bench makes of a host: the same bytes, whoever writes them. Ansible's templates say the same
// in Jinja.

/** @typedef {{ name: string, address: string }} Place */
/** @typedef {{ hosts: readonly Place[], vip: string, upstreams: number }} Site */

/** Addresses nobody answers at: what is measured is the change, not the traffic. @param {Site} site */
export const upstreams = ({ upstreams: count }) =>
  Array.from({ length: count }, (_, index) => ({ name: `upstream-${index + 1}`, address: `10.99.0.${index + 11}` }))

/** The block in /etc/hosts. @param {Site} site */
export const hostsBlock = site =>
  [...site.hosts, ...upstreams(site)].map(({ name, address }) => `${address} ${name}.bench ${name}\n`).join('')

export const sysctls = {
  'net.ipv4.ip_nonlocal_bind': 1,
  'net.ipv4.ip_forward': 1,
  'net.core.somaxconn': 4096,
  'net.ipv4.tcp_keepalive_time': 600,
}

/** @param {Site} site */
export const nginxConf = site => `user www-data;
worker_processes 2;
pid /run/nginx.pid;
include /etc/nginx/modules-enabled/*.conf;

events {
  worker_connections 1024;
}

stream {
  upstream apiserver {
    least_conn;
${upstreams(site)
  .map(({ address }) => `    server ${address}:6443 max_fails=2 fail_timeout=10s;\n`)
  .join('')}  }
  server {
    listen 127.0.0.1:6443;
    proxy_pass apiserver;
    proxy_connect_timeout 1s;
    proxy_timeout 10m;
  }
}
`

/** @param {Site} site */
export const haproxyCfg = site => `global
  maxconn 4000
  user haproxy
  group haproxy

defaults
  mode tcp
  timeout connect 5s
  timeout client 10m
  timeout server 10m

frontend apiserver
  bind 127.0.0.1:8443
  default_backend apiservers

backend apiservers
  balance leastconn
${upstreams(site)
  .map(({ name, address }) => `  server ${name} ${address}:6443\n`)
  .join('')}`

/** @param {Site} site */
export const keepalivedConf = ({ vip }) => `global_defs {
  router_id bench
  script_user root
  enable_script_security
}

vrrp_script check {
  script "/etc/keepalived/check.sh"
  interval 10
}

vrrp_instance bench {
  state BACKUP
  interface eth0
  virtual_router_id 77
  priority 100
  advert_int 5
  virtual_ipaddress {
    ${vip}/32
  }
  track_script {
    check
  }
}
`

export const checkScript = `#!/bin/sh
exec test -e /run/haproxy.pid -o -d /run/haproxy
`

/** @param {Site} site */
export const upstreamsJson = site => `${JSON.stringify(upstreams(site).map(({ address }) => address))}\n`

export const logrotate = `/var/log/bench/*.log {
  weekly
  rotate 4
  missingok
}
`

export const profile = `export BENCH_TIER=lb
`

export const motd = `A host of the bench.
`

export const modules = `nf_conntrack
`

export const issue = `Authorised use only.
`

export const lineOfEnv = 'BENCH_TIER=lb'

/**
 * Regular files: path, mode, content, checker of the new file, and whose reload a change notifies.
 * @param {Site} site
 */
export const files = site => [
  {
    path: '/etc/nginx/nginx.conf',
    mode: '0644',
    content: nginxConf(site),
    validate: 'nginx -t -q -c',
    reload: 'nginx',
  },
  {
    path: '/etc/haproxy/haproxy.cfg',
    mode: '0644',
    content: haproxyCfg(site),
    validate: 'haproxy -c -q -f',
    reload: 'haproxy',
  },
  { path: '/etc/keepalived/check.sh', mode: '0755', content: checkScript },
  {
    path: '/etc/keepalived/keepalived.conf',
    mode: '0644',
    content: keepalivedConf(site),
    validate: 'keepalived -t -f',
    reload: 'keepalived',
  },
  { path: '/etc/bench/upstreams.json', mode: '0640', content: upstreamsJson(site) },
  { path: '/etc/logrotate.d/bench', mode: '0644', content: logrotate },
  { path: '/etc/profile.d/bench.sh', mode: '0644', content: profile },
  { path: '/etc/motd', mode: '0644', content: motd },
  { path: '/etc/modules-load.d/bench.conf', mode: '0644', content: modules },
  { path: '/etc/issue.net', mode: '0644', content: issue },
]

export const directories = [
  { path: '/etc/bench', mode: '0755' },
  { path: '/etc/bench/conf.d', mode: '0750' },
  { path: '/var/lib/bench', mode: '0750', owner: 'bench', group: 'bench' },
  { path: '/var/log/bench', mode: '0755', owner: 'bench', group: 'bench' },
]

export const packages = ['nginx', 'libnginx-mod-stream', 'haproxy', 'keepalived']
export const services = ['nginx', 'haproxy', 'keepalived']
