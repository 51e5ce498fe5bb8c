import type { Params } from './params.ts'

type Registry = NonNullable<Params['mirrors']>[number]

/** What containerd is told of a registry, as kubespray writes it. */
export const hostsToml = ({ prefix, server, mirrors }: Registry): string =>
  `server = ${text(server ?? `${scheme}${prefix}`)}
${mirrors.map(mirrorText).join('')}`

// A prefix is the name of a registry, with its port.
const scheme = 'https://'

const mirrorText = (mirror: Registry['mirrors'][number]): string =>
  [
    `[host.${text(mirror.host)}]`,
    ...(mirror.capabilities === undefined ? [] : [`  capabilities = ${list(mirror.capabilities)}`]),
    `  skip_verify = ${mirror.skip_verify ?? false}`,
    `  override_path = ${mirror.override_path ?? false}`,
    ...(mirror.ca === undefined ? [] : [`  ca = ${list(mirror.ca)}`]),
    ...(mirror.client === undefined ? [] : [`  client = [${mirror.client.map(list).join(',')}]`]),
    ...(mirror.header === undefined
      ? []
      : [
          `  [host.${text(mirror.host)}.header]`,
          ...Object.entries(mirror.header).map(
            ([name, value]) => `    ${text(name)} = ${list([value].flat().map(String))}`,
          ),
        ]),
    '',
  ].join('\n')

/** A header may be a password. */
export const hasSecret = ({ mirrors }: Registry): boolean => mirrors.some(({ header }) => header !== undefined)

/** Blanks and quotes of names make no other file. */
export const meansTheSame = (one: string, other: string): boolean => plain(one) === plain(other)

const plain = (toml: string): string =>
  toml
    .split('\n')
    .map(line => line.replace(/\s+/g, '').replace(/^"([A-Za-z0-9_-]+)"=/, '$1='))
    .filter(line => line !== '')
    .join('\n')

const text = (value: string): string => JSON.stringify(value)
const list = (values: string | readonly string[]): string => `[${[values].flat().map(text).join(',')}]`
