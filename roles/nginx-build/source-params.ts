import { sharedParams } from 'rota'

/** Params of nginx built from source: the role that builds and the one that installs read the same variables. */

/** Checksums of versions that are known here, as distributions publish them for the tarballs of nginx.org. */
const known: Readonly<Record<string, string>> = {
  '1.15.3': '9391fb91c3e2ebd040a4e3ac2b2f0893deb6232edc30a8e16fcc9c3fa9d6be85',
}

export const version = {
  type: 'string',
  pattern: '^[0-9]+\\.[0-9]+\\.[0-9]+$',
  default: '1.15.3',
  var: 'nginx_source_version',
  description: 'Version of nginx that is built; another one is built and takes its place.',
} as const

export const sha256 = {
  type: 'string',
  pattern: '^[0-9a-f]{64}$',
  var: 'nginx_source_sha256',
  description: 'Checksum of the tarball; needed for every version but the default one.',
} as const

export const prefix = {
  type: 'string',
  format: 'absolute-path',
  pattern: '^/[^/]+/.*[^/]$',
  default: '/opt/kubernetes/kube-nginx',
  var: 'nginx_source_prefix',
  description: 'nginx: `--prefix` of what is built.',
} as const

export const configureFlags = {
  type: 'array',
  items: { type: 'string', pattern: '^--.+$' },
  default: [
    '--with-stream',
    '--without-http',
    '--without-http_uwsgi_module',
    '--without-http_scgi_module',
    '--without-http_fastcgi_module',
  ],
  var: 'nginx_source_configure_flags',
  description: 'Flags of `configure` beside `--prefix`.',
} as const

export const buildHost = {
  type: 'string',
  text: 'line',
  minLength: 1,
  var: 'nginx_build_host',
  description:
    'Host on which nginx is built, one of the cluster; the first node (or master, where there is no node) where it is not set.',
} as const

export const workDir = {
  type: 'string',
  format: 'absolute-path',
  pattern: '^/[^/]+/.*[^/]$',
  default: '/usr/local/src/kube-nginx',
  var: 'nginx_source_dir',
  description: 'Folder for source and result on the build host.',
} as const

/** Of all roles that have them. */
sharedParams({ version, sha256, prefix, configureFlags, buildHost, workDir })

export const checksumOf = (params: { readonly version: string; readonly sha256?: string | undefined }) =>
  params.sha256 ?? known[params.version]
