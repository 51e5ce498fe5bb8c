/** `v1.20.2`, whether the `v` was written or not. */
export const withV = (version: string): string => (version.startsWith('v') ? version : `v${version}`)

/** The tag that the images of a version have: `v1.20.2_a` of a build `1.20.2+a`, for a tag may have no plus. */
export const tagOfVersion = (version: string): string => withV(version).replaceAll('+', '_')

/** `[1, 20]` of `v1.20.2`. */
export function minorOf(version: string): readonly [number, number] {
  const match = /^v?(\d+)\.(\d+)/.exec(version)
  if (!match) throw new Error(`not a version: ${version}`)
  return [Number(match[1]), Number(match[2])]
}

/** The version is at least `minor` (`1.24`). */
export function atLeast(version: string, minor: string): boolean {
  const [major, number] = minorOf(version)
  const [wantedMajor, wantedNumber] = minorOf(minor)
  return major !== wantedMajor ? major > wantedMajor : number >= wantedNumber
}
