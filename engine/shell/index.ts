/** The ground floor: quoting, content beside the text, names, control characters. */

export { unfinishedName, unfinishedOfTheDead } from './beside.ts'
export { decodeName, encodeName } from './name.ts'
export {
  type Blob,
  blob,
  blobSize,
  type LocalFile,
  lines,
  quote,
  raw,
  type Shell,
  type ShellValue,
  sh,
  withBlobs,
} from './shell.ts'
export { hasControlCharacters, passwordsIn, shownValue, withoutUsers } from './text.ts'
