import type { PrepareContext } from 'rota'
import type { cluster } from '../lib/cluster/index.ts'
import type { Params } from './daemons/daemons.ts'

/** What the role is told where it makes things on the control machine. */
export type Preparing = PrepareContext<Params, typeof cluster>
