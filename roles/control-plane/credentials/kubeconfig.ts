import type { Pair } from '../../lib/pki/index.ts'

/** A kubeconfig that carries its certificates: one file to protect. JSON is YAML, and needs no quoting rules. */
export const kubeconfig = (options: {
  readonly server: string
  readonly ca: string
  readonly user: string
  readonly pair: Pair
}): string =>
  `${JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'kubernetes', cluster: { server: options.server, 'certificate-authority-data': base64(options.ca) } },
      ],
      users: [
        {
          name: options.user,
          user: {
            'client-certificate-data': base64(options.pair.certificate),
            'client-key-data': base64(options.pair.key),
          },
        },
      ],
      contexts: [{ name: `${options.user}@kubernetes`, context: { cluster: 'kubernetes', user: options.user } }],
      'current-context': `${options.user}@kubernetes`,
    },
    undefined,
    2,
  )}\n`

const base64 = (text: string): string => Buffer.from(text).toString('base64')
