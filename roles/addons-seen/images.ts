/** An add-on that runs in the cluster. */
export interface Seen {
  readonly name: string
  /** Without its `v`; absent where the tag is no version. */
  readonly version?: string
}

/** Add-ons by their image, wherever it comes from: mirrors put their own name in front. */
const images: Readonly<Record<string, RegExp>> = {
  calico: /(?:^|[/-])calico[/-]node$/,
  cilium: /(?:^|[/-])cilium[/-]cilium$/,
  flannel: /(?:^|[/-])flannel$/,
  'kube-router': /(?:^|[/-])kube-router$/,
  coredns: /(?:^|[/-])coredns$/,
  nodelocaldns: /(?:^|\/)k8s-dns-node-cache(?:-\w+)?$/,
  'kube-proxy': /(?:^|\/)kube-proxy(?:-\w+)?$/,
  'metrics-server': /(?:^|\/)metrics-server(?:-\w+)?$/,
  'ingress-nginx': /(?:^|\/)(?:ingress-nginx[/-]controller|nginx-ingress-controller(?:-\w+)?)$/,
}

/** All images of deployments and daemonsets, one a line. */
export const imagesPath = 'jsonpath={range .items[*]}{range .spec.template.spec.containers[*]}{.image}{"\\n"}{end}{end}'

/** For grep: what can't be an add-on need not be sent. */
export const imagesPattern = 'calico|cilium|flannel|kube-router|coredns|node-cache|kube-proxy|metrics-server|ingress'

/** Each add-on and version once, in the order of the list above. */
export function addonsIn(printed: string): readonly Seen[] {
  const found = printed.split('\n').map(imageOf)
  return Object.entries(images).flatMap(([name, pattern]) => {
    const versions = found.filter(({ image }) => pattern.test(image)).map(({ version }) => version)
    return [...new Set(versions)].map(version => ({ name, ...(version === undefined ? {} : { version }) }))
  })
}

/** `registry:5000/calico/node:v3.28.1-amd64@sha256:…`. */
function imageOf(line: string): { readonly image: string; readonly version: string | undefined } {
  const [named = ''] = line.trim().split('@')
  const [, image = named, tag = ''] = /^(.*?)(?::([^:/]*))?$/.exec(named) ?? []
  return { image, version: /^v?(\d+\.\d+(?:\.\d+)?)/.exec(tag)?.[1] }
}
