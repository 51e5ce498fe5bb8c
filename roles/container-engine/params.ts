import { isSetBy, type ParamsOf, sharedParams } from 'rota'
import { originParams, publishedParams } from '../kube-binaries/origin-params.ts'
import { binDir, criSocket, installDir, kubeConfigDir, kubeVersion } from '../lib/cluster/params.ts'

const version = <const V extends string>(name: string, variable: V) =>
  ({
    type: 'string',
    pattern: '^v?[0-9]+\\.[0-9]+\\.[0-9]+$',
    var: variable,
    description: `Version of ${name}, where it is asked for.`,
  }) as const

const url = <const V extends string>(name: string, variable: V) =>
  ({
    type: ['string', 'array'],
    pattern: '^https?://\\S+$',
    items: { type: 'string', pattern: '^https?://\\S+$' },
    var: variable,
    description: `URL of ${name}, or a list of mirrors. A default of kubespray's does not count: it is \`github_url\`.`,
  }) as const

const checksums = <const V extends string>(name: string, variable: V) =>
  ({
    ...originParams.kubeletChecksums,
    var: variable,
    description: `Checksums of ${name}, as kubespray has them.`,
  }) as const

/** Which versions are asked for. */
export const askedParams = sharedParams({
  upgrade: {
    type: 'boolean',
    default: false,
    var: 'container_engine_upgrade',
    description:
      "The versions of kubespray's checkout are asked for, too. Without it those alone that the inventory, a playbook or `-e` sets.",
  },
  downgrade: {
    type: 'boolean',
    default: false,
    var: 'container_engine_downgrade',
    description: 'Whether an older version than the one that is there may be asked for.',
  },
  manager: {
    type: 'string',
    enum: ['containerd', 'docker', 'crio'],
    var: 'container_manager',
    description:
      'The container engine that hosts have. Which one it is, their kubelets say: where this says another, and something is asked for, it is refused.',
  },
  containerdVersion: version('containerd', 'containerd_version'),
  runcVersion: version('runc', 'runc_version'),
  crictlVersion: version('crictl', 'crictl_version'),
  nerdctlVersion: version('nerdctl', 'nerdctl_version'),
  cniVersion: version('the plugins in `/opt/cni/bin`', 'cni_version'),
  dockerVersion: {
    type: 'string',
    pattern: '^(latest|stable|edge|[0-9]+\\.[0-9]+(\\.[0-9]+)?)$',
    var: 'docker_version',
    description:
      'Version of Docker, where it is asked for; `28.3` is the newest patch of it that apt knows. `latest`, `stable` and `edge` name none, and ask for nothing.',
  },
  dockerContainerdVersion: version('containerd beside Docker', 'docker_containerd_version'),
} as const)

/** Where programs come from, beside the places of those of Kubernetes. */
const artefactParams = sharedParams({
  staticContainerd: {
    type: 'boolean',
    default: false,
    var: 'containerd_static_binary',
    description: 'The build of containerd that needs no libraries of the host.',
  },
  containerdUrl: url('containerd', 'containerd_download_url'),
  runcUrl: url('runc', 'runc_download_url'),
  crictlUrl: url('crictl', 'crictl_download_url'),
  nerdctlUrl: url('nerdctl', 'nerdctl_download_url'),
  cniUrl: url('the CNI plugins', 'cni_download_url'),
  containerdChecksums: checksums('containerd', 'containerd_archive_checksums'),
  staticContainerdChecksums: checksums('its static build', 'containerd_static_archive_checksums'),
  runcChecksums: checksums('runc', 'runc_checksums'),
  crictlChecksums: checksums('crictl', 'crictl_checksums'),
  nerdctlChecksums: checksums('nerdctl', 'nerdctl_archive_checksums'),
  cniChecksums: checksums('the CNI plugins', 'cni_binary_checksums'),
} as const)

const hostParams = {
  kubeVersion,
  binDir,
  installDir,
  kubeConfigDir,
  criSocket,
} as const

const { source, from, filesRepo, httpProxy, httpsProxy, noProxy } = originParams

export const seenParams = { type: 'object', properties: { ...hostParams, ...askedParams } } as const

export const programParams = {
  type: 'object',
  properties: {
    ...seenParams.properties,
    ...publishedParams,
    ...artefactParams,
    source,
    from,
    filesRepo,
    httpProxy,
    httpsProxy,
    noProxy,
  },
} as const

export const params = {
  type: 'object',
  properties: {
    ...seenParams.properties,
    configDir: {
      type: 'string',
      format: 'absolute-path',
      default: '/etc/containerd',
      var: 'containerd_cfg_dir',
      description: "Where containerd's `config.toml` and `certs.d` are.",
    },
    systemdCgroup: {
      type: 'boolean',
      var: 'containerd_use_systemd_cgroup',
      description: "containerd's `SystemdCgroup`, where it is asked for; the kubelet's `cgroupDriver` has to agree.",
    },
    sandboxRepo: {
      type: 'string',
      format: 'image',
      var: 'pod_infra_image_repo',
      description: "Image of pods' sandboxes, without its tag, where it is asked for.",
    },
    sandboxTag: {
      type: 'string',
      format: 'image-tag',
      var: 'pod_infra_image_tag',
      description: 'Its tag, where it is asked for.',
    },
    mirrors: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          prefix: { type: 'string', pattern: '^[A-Za-z0-9_][A-Za-z0-9._:-]*$' },
          server: { type: 'string', text: 'line' },
          mirrors: {
            type: 'array',
            items: {
              type: 'object',
              properties: {
                host: { type: 'string', pattern: '^https?://[^\\s"\\\\]+$' },
                capabilities: {
                  type: ['array', 'string'],
                  items: { type: 'string', enum: ['pull', 'resolve', 'push'] },
                  text: 'line',
                },
                skip_verify: { type: 'boolean' },
                override_path: { type: 'boolean' },
                ca: { type: ['array', 'string'], items: { type: 'string', text: 'line' }, text: 'line' },
                client: { type: 'array', items: { type: 'array', items: { type: 'string', text: 'line' } } },
                header: { type: 'object' },
              },
              required: ['host'],
              additionalProperties: false,
            },
          },
        },
        required: ['prefix', 'mirrors'],
        additionalProperties: false,
      },
      var: 'containerd_registries_mirrors',
      description:
        'Mirrors of registries, as kubespray has them, where they are asked for: `certs.d/PREFIX/hosts.toml`.',
    },
    readyTimeout: {
      type: 'integer',
      minimum: 1,
      default: 300,
      description:
        "Seconds that a node may take after its container engine's restart until it is Ready with it, and then those pods that were ready before.",
    },
  },
} as const

export type SeenParams = ParamsOf<typeof seenParams>
export type ProgramParams = ParamsOf<typeof programParams>
export type Params = ParamsOf<typeof params>

/** What of an engine has a version of its own. */
export type Part = 'containerd' | 'runc' | 'crictl' | 'nerdctl' | 'cni' | 'docker'

/** The versions that are asked for, without a `v`. */
export interface Asked {
  readonly manager?: string
  readonly versions: Readonly<Partial<Record<Part | 'dockerContainerd', string>>>
  readonly downgrade: boolean
}

const variables = {
  containerd: 'containerdVersion',
  runc: 'runcVersion',
  crictl: 'crictlVersion',
  nerdctl: 'nerdctlVersion',
  cni: 'cniVersion',
  docker: 'dockerVersion',
  dockerContainerd: 'dockerContainerdVersion',
} as const

/**
 * A default of kubespray's, of a checkout or of a release that Rota knows, is no reason to restart what runs every pod
 * of a node: it counts once the operator says that the engine is to be upgraded.
 */
export function askedOf(params: Pick<SeenParams, keyof typeof askedParams>): Asked {
  const versions = Object.entries(variables).flatMap(([part, name]) => {
    const value = params[name]
    if (value === undefined || !/\d/.test(value) || !(params.upgrade || isSetBy(params, name))) return []
    return [[part, value.replace(/^v/, '')]]
  })
  return {
    versions: Object.fromEntries(versions),
    downgrade: params.downgrade,
    ...(params.manager !== undefined && isSetBy(params, 'manager') ? { manager: params.manager } : {}),
  }
}

export const isAsked = (params: Parameters<typeof askedOf>[0]): boolean =>
  Object.keys(askedOf(params).versions).length > 0
