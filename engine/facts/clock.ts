import { defineFact } from './fact.ts'

/**
 * How far a host's clock is from one of this machine, which nobody sets: only how far hosts are from each other means
 * anything. Milliseconds, between these two.
 */
export interface ClockFact {
  readonly least: number
  readonly most: number
}

/**
 * The host's clock. It is read at the beginning and at the end of the probe, and this machine knows when it has asked
 * and when all was answered: what lies between is how long the way may have taken, and no longer than that is in doubt,
 * however long the probe itself takes. Without fractions (busybox) it is a second more.
 */
export const clock = defineFact<Record<never, never>, ClockFact>({
  name: 'clock',
  brackets: true,
  lasting: () => undefined,
  probe: () => 'date +%s.%N',
  parse: (output, args, span) => {
    if (span === undefined) throw new Error('when it was asked for is not known')
    const [begin, end] = output.split('\n').filter(Boolean).map(secondsOf)
    if (begin === undefined || end === undefined) throw new Error('a time is missing')
    const least = Math.floor((end.from - span.answered) * 1000)
    const most = Math.ceil((begin.to - span.asked) * 1000)
    return args.map(() => ({ least, most }))
  },
})

/** busybox prints `1800000000.%N`, others that know no fractions `1800000000.N`. */
function secondsOf(text: string): { readonly from: number; readonly to: number } {
  const [, seconds, fraction] = /^(\d{1,12})\.(?:(\d{9})|%?N)?$/.exec(text) ?? []
  if (seconds === undefined) throw new Error('a time is none')
  if (fraction === undefined) return { from: Number(seconds), to: Number(seconds) + 1 }
  const exact = Number(seconds) + Number(fraction) / 1e9
  return { from: exact, to: exact }
}
