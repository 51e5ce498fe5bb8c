/**
 * ansible/parsing/utils/addresses.py, expression by expression, the missing anchors of its IPv6 alternatives included
 * (but for the `_` that its labels may match in two ways, which takes for ever where there are many): what counts as an
 * address decides whether `:22` at the end is a port or a part of the name.
 */

const numericRange = String.raw`\[(?:[0-9]+:[0-9]+)(?::[0-9]+)?\]`
const hexadecimalRange = String.raw`\[(?:[0-9a-f]+:[0-9a-f]+)(?::[0-9]+)?\]`
const alphanumericRange = String.raw`\[(?:[a-z]:[a-z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]`

const v6 = `(?:[0-9a-f]{1,4}|${hexadecimalRange})`
const v4 = `(?:[01]?[0-9]{1,2}|2[0-4][0-9]|25[0-5]|${numericRange})`
const word = String.raw`[\p{L}\p{N}_]`
const label = `(?:${word}|${alphanumericRange})(?:${word}|-|${alphanumericRange})*(?<![_\\-])`

const bracketedHostPort = /^\[(.+)\]:([0-9]+)$/u
const hostPort = /^((?:[^:[\]]|\[[^\]]*\])*):([0-9]+)$/u
const ipv4 = new RegExp(`^(?:${v4}\\.){3}${v4}$`, 'iu')
const ipv6 = new RegExp(
  `^(?:${[
    `(?:${v6}:){7}${v6}`,
    `(?:${v6}:){1,6}:`,
    `(?:${v6}:)(?::${v6}){1,6}`,
    `(?:${v6}:){2}(?::${v6}){1,5}`,
    `(?:${v6}:){3}(?::${v6}){1,4}`,
    `(?:${v6}:){4}(?::${v6}){1,3}`,
    `(?:${v6}:){5}(?::${v6}){1,2}`,
    `(?:${v6}:){6}(?::${v6})`,
    `:(?::${v6}){1,6}`,
    `${v6}?::`,
    `(?:0:){6}(?:${v6}\\.){3}${v6}`,
    `::(?:ffff:)?(?:${v6}\\.){3}${v6}`,
    `(?:0:){5}ffff:(?:${v6}\\.){3}${v6}$`,
  ].join('|')})`,
  'iu',
)
const hostname = new RegExp(`^${label}(?:\\.${label})*$`, 'iu')

export interface Address {
  readonly host: string
  readonly port?: number
}

/** A host name, address or range pattern with an optional port; undefined when Ansible would not recognise one. */
export function parseAddress(text: string): Address | undefined {
  let host = text
  let port: number | undefined
  for (const pattern of [bracketedHostPort, hostPort]) {
    const match = pattern.exec(host)
    if (match?.[1] !== undefined && match[2] !== undefined) {
      host = match[1]
      port = Number(match[2])
    }
  }
  if (host === '' || ![ipv4, ipv6, hostname].some(pattern => pattern.test(host))) return undefined
  return port === undefined ? { host } : { host, port }
}

/** `inventory_hostname_short` keeps an address whole. */
export function isAddress(text: string): boolean {
  return ipv4.test(text) || ipv6.test(text)
}
