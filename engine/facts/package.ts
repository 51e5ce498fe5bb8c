import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { quoted } from './output.ts'

export interface PackageArgs {
  /** Name as the package manager has it, no version; with an architecture (`libc6:amd64`) only that one counts. */
  readonly name: string
}

export type PackageFact =
  | { readonly type: 'installed'; readonly manager: PackageManager; readonly version: string; readonly held: boolean }
  | { readonly type: 'absent'; readonly manager: PackageManager }
  | { readonly type: 'unavailable'; readonly reason: string }

export type PackageManager = 'apt' | 'dnf'

/** Installed packages: one `dpkg-query` or one `rpm` for all of them. `dnf` stands for yum too. */
export const packageState = defineFact<PackageArgs, PackageFact>({
  name: 'package',
  probe: args => {
    const words = (names: readonly string[]): string => [...new Set(names)].map(quote).join(' ')
    const names = args.map(item => item.name)
    return `if command -v apt-get >/dev/null 2>&1 && command -v dpkg-query >/dev/null 2>&1; then
  echo apt
  LC_ALL=C dpkg-query -W -f '\${Package}:\${Architecture} \${db:Status-Abbrev} \${Version}\\n' -- ${words(names.map(bare))} 2>/dev/null || :
elif command -v rpm >/dev/null 2>&1; then
  echo dnf
  LC_ALL=C rpm -q --qf '%{NAME} rpm %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n' -- ${words(names)} 2>/dev/null || :
else echo none; fi`
  },
  parse: (output, args) => {
    const [manager = '', ...rows] = output.split('\n')
    if (manager === 'none')
      return args.map(() => ({
        type: 'unavailable',
        reason: 'neither apt (dpkg-query) nor dnf or yum (rpm) is installed',
      }))
    if (manager !== 'apt' && manager !== 'dnf') throw new Error(`unexpected answer about packages: ${quoted(manager)}`)
    const known = new Map<string, PackageFact>()
    for (const row of rows) {
      const [full = '', status = '', ...version] = row.split(/ +/)
      // Status-Abbrev is desired + actual: `ii`, `hi` (held), `iU` (unpacked only), `rc` (removed, configuration left).
      const installed = manager === 'apt' ? status[1] === 'i' : status === 'rpm'
      // A package of several architectures has a row each; the first installed one speaks for all.
      for (const name of installed ? new Set([bare(full), full]) : [])
        if (!known.has(name))
          known.set(name, { type: 'installed', manager, version: version.join(' ').trim(), held: status[0] === 'h' })
    }
    // A package for all architectures is there for the one that is asked for.
    return args.map(
      ({ name }) =>
        known.get(name) ??
        (name.includes(':') ? known.get(`${bare(name)}:all`) : undefined) ?? { type: 'absent', manager },
    )
  },
})

/** The name without its architecture. */
export const bare = (name: string): string => name.replace(/:.*/, '')
