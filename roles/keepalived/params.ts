import {
  anonymousAuth,
  apiserverPort,
  keepalivedConfig,
  kubeConfigDir,
  leaving,
  lvsGateway,
  lvsKind,
  lvsPort,
  packageNames,
  routerId,
  vipLoadBalancer,
  virtualAddress,
  virtualRouterId,
} from '../lib/cluster/params.ts'
import { nginxVipUnit } from '../lib/cluster/vip-params.ts'

export const params = {
  type: 'object',
  properties: {
    virtualAddress,
    prefix: {
      type: 'integer',
      minimum: 0,
      maximum: 128,
      description: 'Length of the network prefix of the virtual address; a host address (32 or 128) without it.',
    },
    interface: {
      type: 'string',
      format: 'interface',
      var: ['keepalived_interface', 'kube_vip_interface'],
      description: 'Interface of the virtual address; found by the route to it where it is not set.',
    },
    election: {
      type: 'string',
      enum: ['equal', 'primary'],
      default: 'equal',
      description:
        '`equal`: every host starts as BACKUP with the same priority, whoever holds the address keeps it until it fails, and a new host changes no other. `primary`: one host is MASTER with a higher priority and takes the address back when it returns.',
    },
    priority: {
      type: 'integer',
      minimum: 1,
      maximum: 254,
      default: 100,
      var: 'keepalived_priority',
      description: 'Priority of a BACKUP.',
    },
    primary: {
      type: 'string',
      text: 'line',
      minLength: 1,
      var: 'keepalived_primary',
      description: 'With `election: primary`: the name of that host.',
    },
    primaryPriority: {
      type: 'integer',
      minimum: 1,
      maximum: 254,
      default: 120,
      description: "The primary's priority.",
    },
    virtualRouterId,
    routerId,
    advertInterval: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 1,
      description: 'Seconds (keepalived: `advert_int`).',
    },
    authPassword: {
      type: 'string',
      pattern: '^[^\\s"\'#!{}\\\\]+$',
      secret: true,
      var: 'keepalived_auth_pass',
      description:
        'At most 8 characters: keepalived uses no more, and a longer one would promise what it does not keep. It travels in clear: it guards against mistakes, not against people.',
    },
    trackInterface: {
      type: 'boolean',
      default: false,
      description:
        'Write `track_interface`. keepalived gives the address up anyway when its interface goes down, unless `dont_track_primary` is set.',
    },
    dontTrackPrimary: { type: 'boolean', default: false, description: 'keepalived: `dont_track_primary`.' },
    unicast: {
      type: 'boolean',
      default: false,
      var: 'keepalived_unicast',
      description:
        'Send to the other hosts by address, where the network has no multicast. Every host then lists every other.',
    },
    vipLoadBalancer,
    nginxVipUnit,
    checkWith: {
      type: 'string',
      enum: ['unit', 'killall', 'pidof'],
      defaults: { haproxy: 'killall', nginx: 'unit' },
      description:
        'How the load balancer is watched: its unit by `systemctl is-active`, or any process of its name by `killall -0` or `pidof`. A host may have other processes of the name nginx.',
    },
    checkScript: {
      type: 'string',
      pattern: '^[^"]+$',
      description: 'A command of your own instead: succeeds as long as this host may hold the address.',
    },
    checkInterval: { type: 'integer', minimum: 1, default: 1, description: 'Seconds between two checks.' },
    checkWeight: {
      type: 'integer',
      minimum: -253,
      maximum: 253,
      default: -30,
      description: 'Added to the priority while the check fails; 0 gives the address up altogether.',
    },
    checkFall: { type: 'integer', minimum: 1, default: 2, description: 'Failures until the check counts as failed.' },
    checkRise: { type: 'integer', minimum: 1, default: 1, description: 'Successes until it counts as good again.' },
    traps: { type: 'boolean', default: false, description: 'keepalived: `enable_traps` (SNMP).' },
    scriptUser: {
      type: 'string',
      format: 'unix-user',
      default: 'root',
      description: 'User of the check; `none` leaves keepalived to its own rules.',
    },
    scriptSecurity: {
      type: 'boolean',
      default: true,
      description: "keepalived: `enable_script_security`: a script that others than root can write isn't run.",
    },
    config: keepalivedConfig,
    lvsKind,
    lvsPort,
    lvsAlgorithm: {
      type: 'string',
      enum: ['rr', 'wrr', 'lc', 'wlc', 'sh', 'mh', 'dh', 'sed', 'nq'],
      default: 'wlc',
      description: 'LVS: `lb_algo`.',
    },
    anonymousAuth,
    lvsCheck: {
      type: 'string',
      enum: ['ssl-get', 'tcp'],
      default: 'ssl-get',
      description:
        'LVS: a healthy API server answers `GET /readyz` over TLS with 200, or accepts connections, as always where it tells nothing without credentials.',
    },
    lvsDelayLoop: {
      type: 'integer',
      minimum: 1,
      default: 2,
      description: 'LVS: seconds between two checks of a master.',
    },
    lvsPersistence: {
      type: 'integer',
      minimum: 0,
      default: 0,
      description: 'LVS: `persistence_timeout`, seconds for which a client stays on its master; 0 for not at all.',
    },
    lvsGateway,
    apiserverPort,
    kubeConfigDir,
    packages: packageNames(['keepalived', 'psmisc', 'iproute2']),
    leaving,
  },
} as const
