/** One file a kind of fact: how many are asked at once, how the answer is read. */

export type { Address } from './addresses.ts'
export { addresses } from './addresses.ts'
export { alternatives } from './alternatives.ts'
export { type AuthorizedKeysFact, authorizedKeys } from './authorized-keys.ts'
export { type CheckArgs, check, checkCall } from './check.ts'
export { type ClockFact, clock } from './clock.ts'
export { exposedBelow } from './exposed-below.ts'
export * from './fact.ts'
export {
  type FactKind,
  type FactMap,
  type FactRequest,
  type Facts,
  type FactValues,
  factKey,
  factsFrom,
  type Span,
  valuesOf,
  withFacts,
} from './fact.ts'
export { type Firewall, type FirewalldZone, firewall, type NftChain } from './firewall.ts'
export { type GitHere, type GitRemote, gitCheckout, isCommit, refsOf } from './git-checkout.ts'
export { eachMatch, glob } from './glob.ts'
export { group } from './group.ts'
export { type HttpArgs, type HttpRequest, http, httpCall, httpPattern } from './http.ts'
export { isSame, type KeptPath, kept, type Standing } from './kept.ts'
export { kernelModule, moduleName } from './kernel-module.ts'
export { listeningPorts } from './listening-ports.ts'
export { type Mount, mounts } from './mounts.ts'
export type { OsFact } from './os.ts'
export { os } from './os.ts'
export type { PackageFact } from './package.ts'
export { packageState } from './package.ts'
export { packageCandidate } from './package-candidate.ts'
export { listsOlder, packageLists } from './package-lists.ts'
export type { PathEntry, PathFact } from './path.ts'
export { bytesOf, followed, path } from './path.ts'
export { pending } from './pending.ts'
export { rebootRequired } from './reboot-required.ts'
export type { RouteFact } from './route.ts'
export { route } from './route.ts'
export { sysctl, sysctlPath, sysctlValue } from './sysctl.ts'
export { type TcpArgs, tcp, tcpCall, tcpFunction } from './tcp.ts'
export { within } from './timeout.ts'
export { readCertificate, tlsCertificate } from './tls-certificate.ts'
export { tool } from './tool.ts'
export { tree, treeCall, treeFunction } from './tree.ts'
export type { Unit, UnitFact } from './unit.ts'
export { unit } from './unit.ts'
export { unixSocket, unixSocketCall, unixSocketFunction } from './unix-socket.ts'
export {
  aptPins,
  dnfExcludes,
  expressionOf,
  listsAreOld,
  neverAutoRemoved,
  patternOfPackages,
  type UpgradableFact,
  upgradable,
} from './upgradable.ts'
export type { UserFact } from './user.ts'
export { user } from './user.ts'
export { versionLocks } from './version-locks.ts'
