import type { FromSchema } from 'json-schema-to-ts'

const text = { type: 'string' } as const
const texts = { type: 'array', items: text } as const
const sums = { type: 'object', additionalProperties: text } as const
/** Each a name, or `first … last`. */
const hosts = { ...texts, minItems: 1 } as const

const flag = {
  type: 'object',
  properties: {
    flag: text,
    value: text,
    /** Names of what has to be given again. */
    secret: texts,
  },
  required: ['flag'],
  additionalProperties: false,
} as const

const change = {
  type: 'object',
  properties: {
    /** Role and title, numbered where these come again in the play. */
    task: text,
    what: text,
    handler: { const: true },
    step: { const: true },
    hook: { const: true },
    once: { const: true },
    /** What it changes, as far as it is known before. */
    paths: texts,
    /** Of all that is told and sent, by the plan's key. */
    sum: text,
    diff: text,
    hosts,
  },
  required: ['task', 'what', 'paths', 'sum', 'hosts'],
  additionalProperties: false,
} as const

const play = {
  type: 'object',
  properties: {
    play: text,
    number: { type: 'integer', minimum: 1 },
    /** Those that were looked at. */
    hosts: texts,
    /** In the order in which a host makes them. */
    changes: { type: 'array', items: change },
    facts: {
      type: 'array',
      items: {
        type: 'object',
        properties: { hosts, seen: sums },
        required: ['hosts', 'seen'],
        additionalProperties: false,
      },
    },
  },
  required: ['play', 'number', 'hosts', 'changes', 'facts'],
  additionalProperties: false,
} as const

export const schema = {
  type: 'object',
  properties: {
    plan: { const: 1 },
    made: text,
    by: text,
    playbook: text,
    file: text,
    version: text,
    inventory: texts,
    flags: { type: 'array', items: flag },
    /** Checksums of what the inventory was read from, and of code. */
    read: sums,
    code: sums,
    /** By which it is known that the run's secrets are the same. */
    secrets: text,
    plays: { type: 'array', items: play },
  },
  required: [
    ...(['plan', 'made', 'by', 'playbook', 'file', 'version', 'inventory', 'flags', 'read', 'code'] as const),
    ...(['secrets', 'plays'] as const),
  ],
  additionalProperties: false,
} as const

/** What a plan says, as it stands in its file. */
export type Plan = FromSchema<typeof schema>
export type PlayPlan = Plan['plays'][number]
export type PlannedChange = PlayPlan['changes'][number]
/** What it was made of. */
export type Header = Omit<Plan, 'plays'>
