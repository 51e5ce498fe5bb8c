import type { ParamsOf } from 'rota'
import { apiserverPort, binDir, kubeConfigDir, leaving } from '../lib/cluster/params.ts'

/** Where in an upgrade the turn of an add-on is; kubespray's network plugin and its apps have the last two. */
const turns = ['before-masters', 'after-masters', 'after-nodes'] as const

/** A name as Kubernetes has them; a release of helm has its add-on's. */
const name = { type: 'string', pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$' } as const

const release = {
  type: 'object',
  additionalProperties: false,
  required: ['chart', 'namespace'],
  properties: {
    release: name,
    chart: { type: 'string', format: 'word' },
    version: { type: 'string', format: 'version' },
    repo: { type: 'string', format: 'url' },
    namespace: name,
    values: { type: 'string', text: 'line' },
  },
} as const

const addon = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name,
    when: { type: 'string', enum: turns, default: 'after-nodes' },
    apply: { type: 'string', text: 'line' },
    force_conflicts: { type: 'boolean', default: false },
    helm: release,
    command: { type: 'string', text: 'lines' },
    unless: { type: 'string', text: 'lines' },
    wait: {
      type: 'array',
      default: [],
      items: { type: 'string', pattern: '^[a-z0-9-]+/(deployment|daemonset|statefulset)/[a-z0-9.-]+$' },
    },
    timeout: { type: ['integer', 'string'], minimum: 1, format: 'duration', default: 300 },
  },
} as const

export const params = {
  type: 'object',
  properties: {
    when: {
      type: 'string',
      enum: turns,
      description: 'Whose turn it is: the playbook says it.',
    },
    list: {
      type: 'array',
      items: addon,
      default: [],
      var: 'upgrade_addons',
      description: 'The add-ons, in their order; what an item may have is above.',
    },
    binDir,
    kubeConfigDir,
    apiserverPort,
    leaving,
  },
  required: ['when'],
} as const

export type Params = ParamsOf<typeof params>
export type Addon = Params['list'][number]
