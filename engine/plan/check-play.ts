import type { Problem } from '../failure/index.ts'
import { checkSerial, type Play } from '../playbook/index.ts'

/** What is wrong with a play's own numbers. */
export function checkPlay(play: Play): readonly Problem[] {
  const at = { origin: play.site }
  const serial = play.serial === undefined ? undefined : checkSerial(play.serial)
  return [
    ...(serial ? [{ message: `play "${play.name}": ${serial}`, ...at }] : []),
    ...(play.keepAvailable && !play.gate
      ? [{ message: `play "${play.name}": keepAvailable needs a gate that tells which hosts are available`, ...at }]
      : []),
    ...(play.maxFailPercentage !== undefined && !(play.maxFailPercentage >= 0 && play.maxFailPercentage <= 100)
      ? [{ message: `play "${play.name}": maxFailPercentage is ${play.maxFailPercentage}, expected 0 to 100`, ...at }]
      : []),
  ]
}
