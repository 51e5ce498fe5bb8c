import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { bare, type PackageArgs } from './package.ts'

export interface PackageCandidateFact {
  /**
   * The version that an upgrade would install, as far as the package lists on the host know; undefined: none, or what
   * is there is newest.
   */
  readonly version?: string
}

/** Newest known versions. Opening apt's cache takes 0.2 s, dnf's longer, so only `latest` asks for it. */
export const packageCandidate = defineFact<PackageArgs, PackageCandidateFact>({
  name: 'packageCandidate',
  probe: args => {
    const names = [...new Set(args.map(item => item.name))].map(quote).join(' ')
    return `if command -v apt-cache >/dev/null 2>&1; then LC_ALL=C apt-cache policy -- ${names} 2>/dev/null
else
  for m in dnf yum; do
    if command -v $m >/dev/null 2>&1; then LC_ALL=C $m -q -C check-update ${names} 2>/dev/null | sed 's/^/dnf /'; break; fi
  done
fi
:`
  },
  parse: (output, args) => {
    const versions = new Map<string, string>()
    let name = ''
    for (const line of output.split('\n')) {
      const dnf = /^dnf (\S+)\.\w+\s+(\S+)\s/.exec(line)
      const head = /^(\S.*):$/.exec(line)
      const candidate = /^ {2}Candidate: (.*)$/.exec(line)
      if (dnf) versions.set(dnf[1] ?? '', dnf[2] ?? '')
      else if (head) name = head[1] ?? ''
      else if (candidate && candidate[1] !== '(none)') versions.set(name, candidate[1] ?? '')
    }
    return args.map(item => {
      // apt leaves out the host's own architecture.
      const version = versions.get(item.name) ?? versions.get(bare(item.name))
      return version === undefined ? {} : { version }
    })
  },
})
