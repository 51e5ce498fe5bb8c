import { sharedParams } from 'rota'
import {
  anonymousAuth,
  apiserverPort,
  haproxyConfig,
  ipv6Stack,
  kubeConfigDir,
  leaving,
  packageNames,
  vipLoadBalancer,
  virtualAddress,
} from '../lib/cluster/params.ts'
import { nginxVipUnit, vipPortParams } from '../lib/cluster/vip-params.ts'

const time = '^[0-9]+(us|ms|s|m|h|d)?$'
/** One word of the configuration; haproxy reads nothing into other signs. */
const word = '^[^\\s"\'\\\\#]+$'
/** Words of it: no quote, nothing that begins a comment. */
const words = '^[^"\'\\\\#]+$'

export const params = {
  type: 'object',
  properties: {
    bind: {
      type: 'array',
      items: { type: 'string', format: 'listen-address' },
      minItems: 1,
      default: ['0.0.0.0'],
      description:
        'Addresses to listen on; `*` for all, `::` for all of both families. Where it is not set and IPv6 is spoken, `::` too, if the kernel has it.',
    },
    ipv6Stack,
    bindPort: vipPortParams.haproxyPort,
    apiserverPort,
    balance: {
      type: 'string',
      enum: ['leastconn', 'roundrobin', 'source', 'first'],
      default: 'leastconn',
      description: 'haproxy: `balance`.',
    },
    check: {
      type: 'string',
      enum: ['readyz', 'healthz', 'tcp'],
      default: 'readyz',
      description:
        'What a healthy API server does: answer `GET /readyz` (or `/healthz`) over TLS with 200, or accept connections.',
    },
    anonymousAuth,
    checkCa: {
      type: 'string',
      format: 'absolute-path',
      description:
        'PEM file on the host that the certificate is checked with; without it the check trusts whoever answers.',
    },
    checkInterval: { type: 'string', pattern: time, default: '1s', description: 'haproxy: `inter`.' },
    fall: { type: 'integer', minimum: 1, default: 2, description: 'haproxy: `fall`.' },
    rise: { type: 'integer', minimum: 1, default: 2, description: 'haproxy: `rise`.' },
    weight: { type: 'integer', minimum: 0, maximum: 256, description: 'haproxy: `weight` of every server.' },
    slowStart: { type: 'string', pattern: time, description: 'haproxy: `slowstart`.' },
    connectTimeout: { type: 'string', pattern: time, default: '1s', description: 'haproxy: `timeout connect`.' },
    clientTimeout: { type: 'string', pattern: time, default: '10m', description: 'haproxy: `timeout client`.' },
    serverTimeout: { type: 'string', pattern: time, default: '10m', description: 'haproxy: `timeout server`.' },
    hardStopAfter: {
      type: 'string',
      pattern: time,
      default: '10m',
      description: 'How long connections of before a reload may go on (haproxy: `hard-stop-after`).',
    },
    maxConnections: { type: 'integer', minimum: 1, default: 4000, description: 'haproxy: `maxconn`.' },
    resilient: {
      type: 'boolean',
      default: true,
      description:
        "Write what makes a master's restart and a reload of haproxy invisible to clients: `option redispatch 1` and `retries`, `timeout check`, `hard-stop-after`, `maxconn`, the listening sockets handed over. false leaves all of it to haproxy's own defaults.",
    },
    processes: {
      type: 'integer',
      minimum: 1,
      description: "haproxy: `nbproc`. Written only where the host's haproxy is older than 2.5, which refuses it.",
    },
    chroot: {
      type: 'string',
      default: '/var/lib/haproxy',
      pattern: '^(/[A-Za-z0-9_./-]*|none)$',
      description: 'haproxy: `chroot`, or `none`.',
    },
    socket: {
      type: 'string',
      format: 'absolute-path',
      default: '/run/haproxy-admin.sock',
      description: 'The admin socket.',
    },
    statsPort: {
      type: 'integer',
      minimum: 1,
      maximum: 65535,
      default: 10080,
      description: 'Port of the statistics page.',
    },
    statsUri: { type: 'string', format: 'uri-path', default: '/status', description: 'Path of the statistics page.' },
    statsUser: {
      type: 'string',
      pattern: '^[^:\\s"\'\\\\#]+$',
      default: 'admin',
      description: 'User of the statistics page.',
    },
    statsPassword: {
      type: 'string',
      pattern: word,
      secret: true,
      var: 'haproxy_stats_password',
      description: 'Its password. There is no default, and without one there is no page.',
    },
    statsRealm: {
      type: 'string',
      pattern: words,
      default: 'haproxy',
      description: 'What the browser says it asks the password for.',
    },
    statsLog: {
      type: 'string',
      pattern: words,
      description: 'haproxy: `log` of the page, such as `127.0.0.1 local0 err`; that of the rest where it is not set.',
    },
    statsAdmin: { type: 'boolean', default: false, description: 'The page may take servers in and out.' },
    config: haproxyConfig,
    packages: packageNames(['haproxy', 'psmisc']),
    vipLoadBalancer,
    nginxVipUnit,
    virtualAddress,
    kubeConfigDir,
    leaving,
  },
} as const

// check-ha asks the page for its state.
const { statsPort, statsUri, statsUser, statsPassword } = params.properties
sharedParams({ statsPort, statsUri, statsUser, statsPassword })
