import { sharedParams } from 'rota'

/** Of all roles that hand the virtual address over. */
export const moveLimit = {
  type: 'integer',
  minimum: 5,
  default: 60,
  var: 'keepalived_move_limit',
  description:
    'Seconds after which a host that was giving the address away takes part again by itself, should the control machine be gone; three times as long where the run is still at work on it.',
} as const

sharedParams({ moveLimit })
