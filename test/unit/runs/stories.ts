import type { Asked } from '../../../engine/journal/events.ts'

/** How a made-up run was started. */
export const askedBy = (more: Partial<Asked> = {}): Asked => ({
  user: 'me',
  machine: 'here',
  version: '1.0.0',
  cwd: '/infra',
  file: 'upgrade.mjs',
  inventory: ['hosts.ini'],
  marks: { cwd: 'infra', file: 'upgrade', inventory: 'prod' },
  flags: [{ flag: '--limit', value: 'a,b,c' }],
  plays: [
    { play: 'hosts', hosts: 2 },
    { play: 'masters', hosts: 3 },
    { play: 'workers', hosts: 4 },
  ],
  ...more,
})
