import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'

export interface SysctlArgs {
  /** `net.ipv4.ip_forward`; with an interface whose name has dots, `net/ipv4/conf/eth0.100/rp_filter`. */
  readonly key: string
}

export interface SysctlFact {
  /** Words separated by one blank; undefined: the kernel has no such key, or it may not be read. */
  readonly value?: string
}

/**
 * Kernel parameters: one `grep` for all of them (a shell's `read` gets only the first character of such a file in
 * dash).
 */
export const sysctl = defineFact<SysctlArgs, SysctlFact>({
  name: 'sysctl',
  probe: args => `grep -H '' ${args.map(({ key }) => quote(sysctlPath(key))).join(' ')} /dev/null 2>/dev/null || :`,
  parse: (output, args) => {
    const rows = output.split('\n')
    return args.map(({ key }) => {
      const start = `${sysctlPath(key)}:`
      const row = rows.find(line => line.startsWith(start))
      return row === undefined ? {} : { value: sysctlValue(row.slice(start.length)) }
    })
  },
})

/** `man sysctl.d`: where a slash comes first, slashes separate and dots are part of names. */
export function sysctlPath(key: string): string {
  const [separator] = /[./]/.exec(key) ?? []
  return `/proc/sys/${separator === '/' ? key : key.replace(/[./]/g, char => (char === '.' ? '/' : '.'))}`
}

/** The kernel separates words by tabs; people write blanks. */
export const sysctlValue = (value: string | number): string => String(value).trim().split(/\s+/).join(' ')
