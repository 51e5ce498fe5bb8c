import { sharedParams } from 'rota'

/** Which programs, and where they come from: preflight looks for them, too, so both have the same values. */

const url = <const V extends string>(name: V) =>
  ({
    type: ['string', 'array'],
    pattern: '^https?://\\S+$',
    items: { type: 'string', pattern: '^https?://\\S+$' },
    var: `${name}_download_url`,
    description: `URL of ${name}, or a list of mirrors; of each architecture its own (\`image_arch\`). A default of kubespray's does not count: it is \`dl_k8s_io_url\`.`,
  }) as const

const checksums = <const V extends string>(name: V) =>
  ({
    type: 'object',
    additionalProperties: {
      type: 'object',
      additionalProperties: {
        type: ['string', 'integer'],
        pattern: '^(0|(sha256:)?[0-9A-Fa-f]{64}|(sha512:)?[0-9A-Fa-f]{128})$',
        maximum: 0,
      },
    },
    var: `${name}_checksums`,
    description: `Checksums of ${name} by architecture and version, as kubespray has them. Without one, that which is published beside the file counts, where https leads there.`,
  }) as const

export const originParams = sharedParams({
  names: {
    type: 'array',
    items: { type: 'string', pattern: '^[a-z-]+$' },
    var: 'kube_binaries_names',
    description:
      'Programs that are installed. Default: those that the masters run, and `kubectl`; of static pods `kubectl` alone, of kubeadm `kubeadm`, `kubelet` and `kubectl`.',
  },
  source: {
    type: 'string',
    minLength: 1,
    text: 'line',
    var: 'kube_bin_cache',
    description:
      'Folder of the control machine with a folder for each version: `SOURCE/v1.33.4/kubelet`, or by architecture `SOURCE/v1.33.4/arm64/kubelet`. What it lacks is fetched into it. Default: `${XDG_CACHE_HOME:-~/.cache}/rota/kube`.',
  },
  from: {
    type: 'string',
    enum: ['controller', 'host'],
    default: 'controller',
    var: 'kube_binaries_from',
    description:
      'Who fetches what is not in the folder: the control machine, once for all hosts of an architecture, or each host for itself.',
  },
  site: {
    type: 'string',
    pattern: '^https?://\\S+$',
    default: 'https://dl.k8s.io',
    var: 'dl_k8s_io_url',
    description: 'Where programs are published: `SITE/release/v1.33.4/bin/linux/amd64/kubelet`.',
  },
  filesRepo: {
    type: 'string',
    pattern: '^https?://\\S+$',
    var: 'files_repo',
    description: "Mirror in kubespray's layout, asked first: `FILES_REPO/dl.k8s.io/release/…`.",
  },
  kubeadmUrl: url('kubeadm'),
  kubeletUrl: url('kubelet'),
  kubectlUrl: url('kubectl'),
  kubeadmChecksums: checksums('kubeadm'),
  kubeletChecksums: checksums('kubelet'),
  kubectlChecksums: checksums('kubectl'),
  httpProxy: {
    type: 'string',
    text: 'line',
    minLength: 1,
    secret: true,
    var: 'http_proxy',
    description: "Proxy for http. Default: the environment's, of the machine that fetches.",
  },
  httpsProxy: {
    type: 'string',
    text: 'line',
    minLength: 1,
    secret: true,
    var: 'https_proxy',
    description: 'The same for https.',
  },
  noProxy: {
    type: 'string',
    text: 'line',
    minLength: 1,
    var: 'no_proxy',
    description: 'Names that no proxy is used for, separated by commas.',
  },
})

/** Of programs that are not Kubernetes': each role says which path it adds. */
export const publishedParams = sharedParams({
  githubUrl: {
    type: 'string',
    pattern: '^https?://\\S+$',
    default: 'https://github.com',
    var: 'github_url',
    description: 'Where programs are published that are not of Kubernetes itself.',
  },
} as const)
