/**
 * What kubespray has as defaults: of a checkout, of a release that is named, of one that its files on hosts betray. The
 * names of its variables.
 */

export { filesOf, marksText, releasesBetrayed } from './betrayed.ts'
export { kubesprayCheckout } from './checkout.ts'
export { kubesprayNames } from './names.ts'
