import { defineFact } from './fact.ts'
import { countOf } from './output.ts'

export interface PackageListsFact {
  /** Seconds since the package lists were last fetched; undefined when there are none (or no apt). */
  readonly age?: number
}

// The lists themselves carry the server's times; what apt touches on each update is these.
const touched = '/var/lib/apt/lists /var/lib/apt/lists/partial /var/lib/apt/periodic/update-success-stamp'

/** A condition that holds where apt's lists are older than so many seconds, to the minute. */
export const listsOlder = (maxAge: number): string =>
  `[ -z "$(find ${touched} -maxdepth 0 -mmin -${Math.max(1, Math.ceil(maxAge / 60))} 2>/dev/null)" ]`

/** How old apt's lists are. */
export const packageLists = defineFact<Record<never, never>, PackageListsFact>({
  name: 'packageLists',
  lasting: () => undefined,
  probe: () => `date +%s
set -- /var/lib/apt/lists/*_*
[ -e "$1" ] && stat -c %Y ${touched} 2>/dev/null
:`,
  parse: (output, args) => {
    const [now = 0, ...times] = output
      .trim()
      .split('\n')
      .slice(0, 4)
      .map(time => countOf(time, 'the time of package lists'))
    const fact = times.length === 0 ? {} : { age: Math.max(0, now - Math.max(...times)) }
    return args.map(() => fact)
  },
})
