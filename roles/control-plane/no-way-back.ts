import { minorOf } from '../lib/cluster/index.ts'

/**
 * Why the programs that a file names must not run again, or nothing. Kubernetes supports no API server of an older
 * minor version behind a newer one: what that one has written in etcd, in versions of its own, the older one may not be
 * able to read. Source: kubernetes.io, Version Skew Policy.
 */
export function noWayBack({ before, now }: { readonly before: string; readonly now: string }): string | undefined {
  const newer = versionsIn(now)
  for (const [name, old] of versionsIn(before)) {
    const young = newer.get(name)
    if (young === undefined || !isOlderMinor(old, young)) continue
    return `${name} would go back from ${young} to ${old}, and a control plane does not go back to an older minor version: what it has written in etcd may not be readable any more. Find out what is wrong and run the upgrade again, or restore etcd from the snapshot taken before it (docs/etcd-restore.md), with the programs of that version`
  }
  return undefined
}

/** In the paths of units, the images of static pods, and kubeadm's configuration. */
function versionsIn(text: string): ReadonlyMap<string, string> {
  const paths = text.matchAll(/\/(v\d+\.\d+\.\d+[^/\s]*)\/bin\/(kube-(?:apiserver|controller-manager|scheduler))\b/g)
  const images = text.matchAll(/\b(kube-(?:apiserver|controller-manager|scheduler))[^\s:]*:(v\d+\.\d+\.\d+[^\s"'@]*)/g)
  const configured = text.matchAll(/^kubernetesVersion: "?(v\d+\.\d+\.\d+[^"\s]*)/gm)
  return new Map([
    ...[...configured].map(([, version = '']) => ['the control plane', version] as const),
    ...[...paths].map(([, version = '', name = '']) => [name, version] as const),
    ...[...images].map(([, name = '', version = '']) => [name, version] as const),
  ])
}

function isOlderMinor(version: string, than: string): boolean {
  const [major, minor] = minorOf(version)
  const [itsMajor, itsMinor] = minorOf(than)
  return major < itsMajor || (major === itsMajor && minor < itsMinor)
}
