import { type ProxyPod, proxyPod } from '../lib/cluster/index.ts'

/** Where the image expects its configuration. */
export const configInside = '/usr/local/etc/haproxy'
export const pod = { pod: 'haproxy', container: 'haproxy' } as const

export interface Settings extends Pick<ProxyPod, 'pullPolicy' | 'cpuRequests' | 'memoryRequests'> {
  readonly image: string
  readonly imageTag: string
  readonly healthPort: number
  readonly configDir: string
}

export const manifestOf = ({ manifestDir }: { readonly manifestDir: string }): string => `${manifestDir}/haproxy.yml`

/**
 * The master process is asked for in so many words (`-W`: its reload keeps connections), whatever the image would run.
 */
export const proxyManifest = ({ image, imageTag, healthPort, configDir, ...given }: Settings): string =>
  proxyPod({
    ...given,
    name: pod.pod,
    container: pod.container,
    app: 'kube-haproxy',
    image: `${image}:${imageTag}`,
    command: ['haproxy', '-W', '-db', '-f', `${configInside}/haproxy.cfg`],
    health: { port: healthPort },
    config: { volume: 'etc-haproxy', onHost: configDir, inside: configInside },
  })
