import { binDir, kubeConfigDir, leaving } from '../lib/cluster/params.ts'

const shared = { binDir, kubeConfigDir, leaving }

// Whether they are names, values and effects is looked at later, and said in words (names.ts).
const name = { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_./-]*$' } as const
const value = '^[A-Za-z0-9_.-]*$'

export const labelParams = {
  type: 'object',
  properties: {
    labels: {
      type: ['object', 'string'],
      propertyNames: name,
      additionalProperties: { type: ['string', 'number', 'boolean', 'null'], pattern: value },
      pattern: '^[A-Za-z0-9_./=,-]+$',
      default: {},
      var: 'node_labels',
      description: 'Labels of the node: a mapping, or text as an INI file has it, `zone=a,role=ingress`.',
    },
    ...shared,
  },
} as const

export const taintParams = {
  type: 'object',
  properties: {
    taints: {
      type: ['array', 'string'],
      items: {
        type: ['string', 'object'],
        pattern: '^[A-Za-z0-9_./=:-]+$',
        properties: {
          key: name,
          value: { type: 'string', pattern: value },
          effect: { type: 'string', pattern: '^[A-Za-z]+$' },
        },
        required: ['key', 'effect'],
        additionalProperties: false,
      },
      pattern: '^[A-Za-z0-9_./=:,-]+$',
      default: [],
      var: 'node_taints',
      description:
        'Taints of the node: a list of `KEY=VALUE:EFFECT`, or of mappings with `key`, `value`, `effect`; or all as one text, separated by commas.',
    },
    ...shared,
  },
} as const
