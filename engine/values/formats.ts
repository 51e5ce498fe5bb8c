/**
 * Formats of values that end in configuration files, units, command lines and certificates: `format: 'absolute-path'`
 * in a schema. Each matches a whole value, and says in the operator's words what was expected.
 */
interface Format {
  readonly pattern: RegExp
  readonly expected: string
}

const octet = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])'
const ipv4 = `(?:${octet}\\.){3}${octet}`
const group = '[0-9A-Fa-f]{1,4}'
const last32 = `(?:${group}:${group}|${ipv4})`
/** RFC 3986, IPv6address: without a zone, which means something to one host alone. */
const ipv6 = [
  `(?:${group}:){6}${last32}`,
  `::(?:${group}:){5}${last32}`,
  `(?:${group})?::(?:${group}:){4}${last32}`,
  `(?:(?:${group}:){0,1}${group})?::(?:${group}:){3}${last32}`,
  `(?:(?:${group}:){0,2}${group})?::(?:${group}:){2}${last32}`,
  `(?:(?:${group}:){0,3}${group})?::${group}:${last32}`,
  `(?:(?:${group}:){0,4}${group})?::${last32}`,
  `(?:(?:${group}:){0,5}${group})?::${group}`,
  `(?:(?:${group}:){0,6}${group})?::`,
].join('|')
const address = `(?:${ipv4}|${ipv6})`

const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
/** A last label of digits alone would be taken for an address that is none. */
const dnsName = `(?=.{1,253}$)(?!(?:.*\\.)?[0-9]+$)${label}(?:\\.${label})*`
const server = `(?:[A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])`
/**
 * Nothing that ends a word, begins a comment, or means something to a shell, to systemd, or to the configurations we
 * write.
 */
const plain = '[^\\s\\p{C}"\'`\\\\#;{}$%*?<>|&()!]'

const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`, 'u')

export const formats = {
  address: { pattern: whole(address), expected: 'an IPv4 or IPv6 address (without a zone such as %eth0)' },
  'dns-name': { pattern: whole(dnsName), expected: 'a DNS name' },
  'address-or-name': { pattern: whole(`${address}|${dnsName}`), expected: 'an address or a DNS name' },
  'listen-address': {
    pattern: whole(`${address}|\\*|${dnsName}`),
    expected: 'an address to listen on (an IPv4 or IPv6 address, `*` or a name)',
  },
  'certificate-name': {
    pattern: whole(`${address}|(?:\\*\\.)?${dnsName}`),
    expected: 'a name or an address that a certificate can have',
  },
  endpoint: { pattern: whole(`${server}:[0-9]{1,5}`), expected: 'a name or an address with a port, NAME:PORT' },
  url: { pattern: whole('https?://[^\\s\\p{C}"\'`\\\\<>{}|^]+'), expected: 'an http:// or https:// URL' },
  'https-server': { pattern: whole(`https://${server}(?::[0-9]{1,5})?`), expected: 'a URL such as https://NAME:PORT' },
  'http-server': { pattern: whole(`http://${server}(?::[0-9]{1,5})?`), expected: 'a URL such as http://NAME:PORT' },
  'absolute-path': {
    pattern: whole(`/${plain}*`),
    expected: 'an absolute path without spaces, quotes, control characters or signs that a shell reads',
  },
  'uri-path': { pattern: whole('/[A-Za-z0-9._~+,=:@%/-]*'), expected: 'the path of a URL, such as /status' },
  word: {
    pattern: whole(`${plain}+`),
    expected: 'one word without spaces, quotes, control characters or signs that a shell reads',
  },
  'unix-user': { pattern: whole('[A-Za-z_][A-Za-z0-9_.-]{0,31}'), expected: 'the name of a user' },
  'unit-name': { pattern: whole('[A-Za-z0-9_][A-Za-z0-9_.@-]*'), expected: 'the name of a unit' },
  interface: { pattern: whole('[A-Za-z0-9_.:@+-]{1,15}'), expected: 'the name of a network interface' },
  image: { pattern: whole('[A-Za-z0-9][A-Za-z0-9._:/-]*'), expected: 'the name of an image' },
  'image-tag': { pattern: whole('[A-Za-z0-9_][A-Za-z0-9._-]*'), expected: 'the tag of an image' },
  'package-name': {
    pattern: whole('[A-Za-z0-9][A-Za-z0-9+._-]*(?::[a-z0-9]+)?(?:=[A-Za-z0-9.+~:*^-]+)?'),
    expected: 'a package, or name=version',
  },
  version: {
    pattern: whole('v?[0-9]+\\.[0-9]+\\.[0-9]+(?:[-+][0-9A-Za-z.+-]*)?'),
    expected: 'a version such as v1.30.4',
  },
  duration: {
    pattern: whole('[0-9]+|(?:[0-9]+[hms])+'),
    expected: 'a duration: seconds, or text such as 300s, 6m or 1h30m',
  },
  'address-ranges': {
    pattern: whole(`${address}/[0-9]{1,3}(?:,${address}/[0-9]{1,3})?`),
    expected: 'a range of addresses such as 10.233.0.0/18, or one of each family separated by a comma',
  },
} as const satisfies Readonly<Record<string, Format>>

export type FormatName = keyof typeof formats

export const isFormat = (name: string): name is FormatName => Object.hasOwn(formats, name)

/** The text is, as a whole, of the format. */
export const isOfFormat = (name: FormatName, text: string): boolean => formats[name].pattern.test(text)
