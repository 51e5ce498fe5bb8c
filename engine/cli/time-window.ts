import type { Problem } from '../failure/index.ts'
import { hasWindow, type Play, type Serial } from '../playbook/index.ts'
import type { Flags } from './flags.ts'
import { isoMoment, momentAfter } from './moment.ts'

/** When the maintenance window of a run ends. */
export interface WindowEnd {
  /** In milliseconds since 1970. */
  readonly at: number
  /** As the operator has said it. */
  readonly said: string
  /** For the operator, who may have meant another day. */
  readonly told: string
}

export function windowEnd({ until }: Pick<Flags, 'until'>, now: number): WindowEnd | undefined {
  if (until === undefined) return undefined
  const { moment, said } = until
  const at = momentAfter(moment, now)
  const minutes = Math.round((at - now) / 60_000)
  const left = minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  return { at, said, told: `the window ends at ${said}: ${isoMoment(at, moment)}, in ${left}` }
}

/** A window that is over, and one that is not there. */
export function windowProblems(
  { windowOnly }: Pick<Flags, 'windowOnly'>,
  end: WindowEnd | undefined,
  now: number,
): readonly Problem[] {
  if (end === undefined)
    return windowOnly
      ? [
          {
            message: '--window-only is about the end that --until gives, and that is not given',
            hint: 'say --until 04:30',
          },
        ]
      : []
  return end.at > now
    ? []
    : [
        {
          message: `--until: ${end.said} is over`,
          hint: 'say when the window ends now; --until 04:30 is the next 04:30',
        },
      ]
}

/** A question between batches, where there are none. */
export function confirmProblems(
  plays: readonly Play[],
  { confirm }: Pick<Flags, 'confirm'>,
  paced: (own: Serial) => Serial = own => own,
): readonly Problem[] {
  if (!confirm) return []
  if (plays.every(play => play.serial === undefined))
    return [{ message: '--confirm: no play of this playbook works in batches' }]
  const inWindows = plays.filter(({ serial }) => serial !== undefined && hasWindow(paced(serial)))
  return inWindows.map(({ name }) => ({
    message: `--confirm: "${name}" works in a sliding window, in which there is no moment between two batches`,
    hint: 'say --serial 1 without --window, or another number of hosts',
  }))
}
