import { type ParamsOf, sharedParams } from 'rota'
import { params as etcd } from '../etcd/params.ts'
import { moveLimit } from '../keepalived/move-limit.ts'
import { leaving, virtualAddress } from '../lib/cluster/params.ts'

const { peerPort } = etcd.properties

export const params = {
  type: 'object',
  properties: {
    wanted: {
      type: 'boolean',
      default: false,
      var: 'system_upgrade',
      description: 'Whether the packages of the distribution are upgraded.',
    },
    reboot: {
      type: 'string',
      enum: ['on-upgrade', 'always', 'never'],
      default: 'on-upgrade',
      description:
        '`on-upgrade`: where the host says that it has to be, whoever has installed what asks for it. `always`: in every run. `never`: it is said that it has to be.',
    },
    autoclean: {
      type: 'boolean',
      default: false,
      description: "After an upgrade apt deletes what it keeps of packages that can't be had any more.",
    },
    except: {
      type: 'array',
      items: { type: 'string', pattern: '^[A-Za-z0-9*?][A-Za-z0-9+._*?-]*$' },
      default: [],
      description: 'Further packages that are not upgraded: names, with `*` and `?`.',
    },
    listsMaxAge: {
      type: 'integer',
      minimum: 0,
      default: 3600,
      description: 'Seconds: package lists of a host that are older are not gone by.',
    },
    lockTimeout: {
      type: 'integer',
      minimum: 0,
      default: 600,
      description: 'Seconds to wait for another package manager that is at work.',
    },
    rebootTimeout: {
      type: 'integer',
      minimum: 10,
      default: 600,
      description: 'Seconds that a reboot may take, until the host answers.',
    },
    readyTimeout: {
      type: 'integer',
      minimum: 1,
      default: 300,
      description:
        'Seconds that each may take after a reboot: the etcd member to be healthy, the API server to be ready, the node to be Ready.',
    },
    etcdTimeout: {
      type: 'integer',
      minimum: 0,
      default: 120,
      description: 'Seconds to wait, before a reboot, for enough other members of etcd to be healthy.',
    },
    virtualAddress,
    moveLimit,
    peerPort,
    leaving,
  },
} as const

export type Params = ParamsOf<typeof params>

sharedParams({ peerPort })
