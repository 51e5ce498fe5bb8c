import { decodeName } from '../shell/index.ts'
import { defineFact } from './fact.ts'

/** Names (`role/handler`) of the handlers that earlier changes owe and that have not run yet. */
export const pending = defineFact<Readonly<Record<string, never>>, readonly string[]>({
  name: 'pending',
  probe: () => `for f in "$ROTA_STATE"/pending/*; do [ ! -e "$f" ] || printf '%s\\n' "\${f##*/}"; done`,
  parse: (output, args) => {
    const names = output.split('\n').filter(name => name !== '')
    return args.map(() => names.map(decodeName))
  },
})
