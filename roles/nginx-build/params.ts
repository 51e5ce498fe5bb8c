import { leaving, nginxVariant, nodeLoadBalancer, nodeLoadBalancerWanted } from '../lib/cluster/params.ts'
import { buildHost, configureFlags, prefix, sha256, version, workDir } from './source-params.ts'

export const params = {
  type: 'object',
  properties: {
    variant: nginxVariant,
    wanted: nodeLoadBalancerWanted,
    type: nodeLoadBalancer,
    version,
    url: {
      type: 'string',
      format: 'url',
      var: 'nginx_source_url',
      description:
        'Where the build host fetches the tarball; `http://nginx.org/download/nginx-VERSION.tar.gz` where it is not set.',
    },
    tarball: {
      type: 'string',
      text: 'line',
      minLength: 1,
      var: 'nginx_source_tarball',
      description: 'The tarball on the control machine, instead of `url`.',
    },
    sha256,
    prefix,
    configureFlags,
    buildHost,
    workDir,
    packages: {
      type: 'array',
      items: { type: 'string', format: 'package-name' },
      default: ['gcc', 'make', 'libc6-dev'],
      var: 'nginx_build_packages',
      description: 'What is needed to build, installed on the build host only; names are those of Debian.',
    },
    leaving,
  },
} as const
