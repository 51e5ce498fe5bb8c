// Gates of the operator's own between the batches of an upgrade. kubespray has none.

const duration = { type: ['integer', 'string'], minimum: 0, format: 'duration' } as const
const text = { type: 'string', text: 'line', minLength: 1 } as const
const token = { ...text, description: 'A name in upgrade_gate_tokens.' } as const
const scalar = { type: ['string', 'number', 'boolean'], text: 'line' } as const
const status = { type: 'integer', minimum: 100, maximum: 599 } as const
const labelled = '^[A-Za-z0-9]([A-Za-z0-9._:/-]*[A-Za-z0-9])?$'

const http = {
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: {
    url: { type: 'string', format: 'url' },
    status: { type: ['integer', 'array'], minimum: 100, maximum: 599, items: status, minItems: 1 },
    contains: text,
    token,
    limit: duration,
  },
} as const

const command = {
  type: 'object',
  additionalProperties: false,
  required: ['run'],
  properties: {
    run: { type: 'string', text: 'lines', minLength: 1 },
    host: { type: 'string', format: 'word' },
    limit: duration,
  },
} as const

const kubectl = {
  type: 'object',
  additionalProperties: false,
  required: ['resource'],
  properties: {
    resource: { type: 'string', pattern: '^[a-z][a-z0-9.-]*$' },
    object: { type: 'string', pattern: labelled },
    namespace: { type: 'string', pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$' },
    all_namespaces: { type: 'boolean' },
    selector: text,
    path: text,
    value: { type: ['string', 'number', 'boolean', 'array'], text: 'line', items: scalar, minItems: 1 },
    at_least: { type: 'integer', minimum: 0 },
    at_most: { type: 'integer', minimum: 0 },
  },
} as const

const prometheus = {
  type: 'object',
  additionalProperties: false,
  required: ['url', 'query'],
  properties: {
    url: { type: 'string', format: 'url' },
    query: { type: 'string', text: 'lines', minLength: 1 },
    below: { type: 'number' },
    at_most: { type: 'number' },
    above: { type: 'number' },
    at_least: { type: 'number' },
    over: { ...duration, minimum: 1 },
    token,
    limit: duration,
  },
} as const

const upgradeGate = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: text,
    http,
    command,
    kubectl,
    prometheus,
    timeout: duration,
    interval: duration,
    hold_for: duration,
  },
} as const

export const gateParams = {
  upgradeGates: {
    type: 'array',
    items: upgradeGate,
    default: [],
    var: 'upgrade_gates',
    description: 'What must hold after a batch of an upgrade before the next one is begun.',
  },
  upgradeGateTokens: {
    type: 'object',
    additionalProperties: { type: 'string', text: 'line', minLength: 1 },
    default: {},
    secret: true,
    var: 'upgrade_gate_tokens',
    description: 'Bearer tokens of these gates, by a name of their own.',
  },
} as const
