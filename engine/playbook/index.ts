/** What an author of a playbook writes: play, serial, tags, variables. Data and types only. */

export { addressBy } from './host-address.ts'
export type { AtLeast } from './keep-available.ts'
export type { Play } from './play.ts'
export type { Playbook, PlaybookOptions, PlaybookVars, Plays, VarsOf } from './playbook.ts'
export { asWindow, checkSerial, hasWindow, type Portion, parseSerial, portionsOf, type Serial } from './serial.ts'
export { isSelected, specialTags, type TagSelection } from './tags.ts'
