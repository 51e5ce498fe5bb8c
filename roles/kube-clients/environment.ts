import type { Edited } from 'rota'

/** Where clients go: by TLS, and by the insecure port of old API servers, where there is one. */
export interface Servers {
  readonly secure: string
  /** Other names of the same. */
  readonly aliases?: readonly string[]
  readonly insecure?: string | undefined
}

/**
 * `KUBE_MASTER="--master=http://10.13.32.223:8080"` of /etc/kubernetes/config, `KUBELET_API_SERVER="--api_servers=…"`
 * of /etc/kubernetes/kubelet.
 */
const flag = /^([ \t]*(?:KUBE_MASTER|KUBELET_API_SERVER)=["']?[^#\r\n]*?--(?:master|api[-_]servers)[= ])([^\s"']+)/gm

/**
 * A file of variables for old units with another server in it, everything else as it was. Without TLS stays without
 * TLS, and only where the operator has said where that is: such a server knows nobody and believes everybody.
 */
export const withMaster = (text: string, servers: Servers): Edited => ({
  text: text.replace(flag, (line, before: string, now: string) => {
    const server = /^http:/.test(now) ? servers.insecure : servers.secure
    return server === undefined ? line : `${before}${server}`
  }),
})

/** The servers that it names. */
export const mastersIn = (text: string): readonly string[] =>
  [...text.matchAll(flag)].flatMap(match => (match[2] ?? '').split(','))
