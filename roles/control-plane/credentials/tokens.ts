import { assert, computed, facts, type Task } from 'rota'
import { foreignUsers } from '../../lib/pki/index.ts'
import type { Params } from '../daemons/daemons.ts'
import type { MasterPrepared } from './certificates.ts'
import { tokenFileOf } from './files.ts'

/** Tokens that an operator has given out by hand are not lost to the file that is made now. */
export function noTokenIsLost(params: Params, { tokens }: MasterPrepared): readonly Task[] {
  if (tokens === undefined) return []
  const path = tokenFileOf(params)
  return [
    assert({
      that: `${path} loses nobody's token`,
      holds: computed({ now: facts.path({ path, content: true }) }, ({ now }) => {
        const lost = foreignUsers(Buffer.from(facts.bytesOf(now) ?? new Uint8Array()).toString(), tokens)
        return lost.length > 0
          ? `${path} has tokens of ${lost.join(', ')}, which pki/known_tokens.csv beside the inventory does not know: put their lines there first`
          : undefined
      }),
    }),
  ]
}
