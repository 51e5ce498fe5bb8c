import { nginxVariant } from '../lib/cluster/params.ts'

export const variantNames = nginxVariant.enum
export type VariantName = (typeof variantNames)[number]

/**
 * Params whose default depends on the set-up: what its source document says, and where it says nothing, nginx's own
 * default.
 */
export interface Defaults {
  readonly listen: readonly string[]
  readonly port: number
  readonly masters: boolean
  readonly balance: string
  readonly connectTimeout?: string | undefined
  readonly proxyTimeout?: string | undefined
  readonly maxFails?: number | undefined
  readonly failTimeout?: string | undefined
  readonly workerShutdownTimeout: string
  readonly workerConnections: number
  readonly workerOpenFiles: number
  readonly multiAccept: boolean
  readonly errorLog: string
  readonly unit?: string | undefined
  readonly config?: string | undefined
  readonly binary?: string | undefined
  readonly modules: readonly string[]
  readonly packages: readonly string[]
  readonly imageRepo?: string | undefined
  readonly imageTag?: string | undefined
}

/** Documents 000 and 002 have the same configuration, but for the address and the port. */
const inContainer = {
  listen: ['127.0.0.1'],
  port: 6443,
  masters: false,
  balance: 'least_conn',
  connectTimeout: '1s',
  proxyTimeout: '10m',
  workerShutdownTimeout: '0',
  workerConnections: 1024,
  workerOpenFiles: 0,
  multiAccept: true,
  errorLog: 'stderr notice',
  modules: [],
  packages: [],
} satisfies Defaults

export const defaults: Readonly<Record<VariantName, Defaults>> = {
  system: {
    ...inContainer,
    workerShutdownTimeout: '10m',
    workerConnections: 16384,
    workerOpenFiles: 130048,
    unit: 'nginx-proxy',
    config: '/etc/nginx/kube-nginx.conf',
    binary: '/usr/sbin/nginx',
    modules: ['/usr/lib/nginx/modules/ngx_stream_module.so'],
    packages: ['nginx', 'libnginx-mod-stream'],
  },
  docker: {
    ...inContainer,
    listen: ['0.0.0.0'],
    port: 8443,
    unit: 'nginx-lb',
    imageRepo: 'nginx',
    imageTag: '1.13-alpine',
  },
  'static-pod': { ...inContainer, imageRepo: 'docker.io/library/nginx', imageTag: '1.30.1-alpine' },
  source: {
    ...inContainer,
    port: 8443,
    masters: true,
    balance: 'hash $remote_addr consistent',
    proxyTimeout: '30s',
    maxFails: 3,
    failTimeout: '30s',
    workerConnections: 10240,
    multiAccept: false,
    errorLog: '/var/log/nginx_error.log info',
    unit: 'kube-nginx',
  },
}

/** With `protocol: http` these take the place of the set-up's own (document 004). */
export const httpDefaults = {
  listen: ['0.0.0.0'],
  port: 8080,
  balance: 'round_robin',
  connectTimeout: undefined,
  proxyTimeout: undefined,
  maxFails: undefined,
  failTimeout: undefined,
} as const satisfies Partial<{ [K in keyof Defaults]: Defaults[K] | undefined }>

/**
 * The keyword of the params' schema that holds a param's default in each set-up; `http` where the protocol has one of
 * its own.
 */
export const byVariant = <K extends keyof Defaults>(name: K) => ({
  defaults: {
    ...Object.fromEntries(variantNames.map(variant => [variant, defaults[variant][name]])),
    ...(name in httpDefaults ? { http: httpDefaults[name as keyof typeof httpDefaults] } : {}),
  },
})
