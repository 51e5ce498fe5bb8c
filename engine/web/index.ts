/** What others offer on the web: files fetched to this machine, whole and right or not at all; sizes, short texts. */

export { isWebUrl, keepsSecrets, shownUrl } from './address.ts'
export type { AskingOnce, WebAnswer } from './answer.ts'
export { barText, bytesText } from './bytes.ts'
export type { FetchedFile, WantedFile } from './file.ts'
export { isMiss, type Miss } from './request.ts'
export { type Sum, sumFrom, sumsOf } from './sum.ts'
export { openWeb, type Web, type WebOptions } from './web.ts'
