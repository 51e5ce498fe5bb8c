import type { FactRequest, Facts } from './fact.ts'
import { type PathArgs, type PathFact, path } from './path.ts'

/**
 * Facts once others may write to a directory (by its physical path): whatever is below it may be something else by now.
 */
export function exposedBelow(facts: Facts, directory: string): Facts {
  const exposed = `others may write to ${directory}`
  const below = (place: string): boolean => place.startsWith(`${directory}/`)
  return {
    get: request => {
      const value = facts.get(request)
      return isPath(request) ? (seen(value as PathFact, request.args as PathArgs) as typeof value) : value
    },
  }
  function seen(fact: PathFact, { path: asked }: PathArgs): PathFact {
    if (fact.type === 'unknown') return fact
    const here = below(fact.at ?? asked) ? { ...fact, exposed } : fact
    return here.type === 'link' && below(here.real) ? { ...here, to: { ...here.to, exposed } } : here
  }
}

const isPath = (request: FactRequest): boolean => (request.kind as unknown) === path.kind
