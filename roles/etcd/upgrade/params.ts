import { sharedParams } from 'rota'
import { originParams, publishedParams } from '../../kube-binaries/origin-params.ts'
import { installDir, kubeVersion } from '../../lib/cluster/params.ts'
import { params as etcd } from '../params.ts'
import { snapshotParams } from '../snapshot-params.ts'

/** What says which version etcd shall have, and where it comes from: whoever looks beforehand has the same values. */
const wanted = sharedParams({
  version: {
    type: 'string',
    format: 'version',
    var: 'etcd_version',
    description:
      "Version that the members shall have, with or without its `v`. Where the inventory, the playbook or `-e` does not set it, they stay what they are: a default of kubespray's does not count.",
  },
  imageTag: {
    type: 'string',
    format: 'image-tag',
    var: 'etcd_image_tag',
    description:
      "Tag of the image, where kubespray keeps the members in containers. Default: `v` and `version`. A default of kubespray's does not count.",
  },
  url: {
    type: ['string', 'array'],
    pattern: '^https?://\\S+$',
    items: { type: 'string', pattern: '^https?://\\S+$' },
    var: 'etcd_download_url',
    description:
      "URL of the archive, or a list of mirrors; of each architecture its own (`image_arch`). A default of kubespray's does not count: it is `github_url`.",
  },
  checksums: {
    ...originParams.kubeletChecksums,
    var: 'etcd_binary_checksums',
    description:
      'Checksums of the archive by architecture and version, as kubespray has them. Without one, that of `SHA256SUMS` counts, which is published beside it, where https leads there.',
  },
})

const {
  clientPort,
  peerPort,
  configDir,
  dataDir,
  unit,
  binary,
  quotaBytes,
  joinTimeout,
  packages,
  deployment,
  leaving,
} = etcd.properties
const { source, from, filesRepo, httpProxy, httpsProxy, noProxy } = originParams
// Of members of our own there is one program and one quota, whoever asks.
sharedParams({ binary, quotaBytes, joinTimeout, packages })

export const params = {
  type: 'object',
  properties: {
    ...wanted,
    ...publishedParams,
    ...{ source, from, filesRepo, httpProxy, httpsProxy, noProxy },
    installDir,
    kubeVersion,
    ...{ clientPort, peerPort, configDir, dataDir, unit, binary, quotaBytes, joinTimeout, packages },
    ...snapshotParams,
    ...{ deployment, leaving },
  },
} as const
