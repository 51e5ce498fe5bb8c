import { defineFact } from './fact.ts'

/** Names of packages that dnf's (or yum's) plugin `versionlock` keeps at a version. */
export const versionLocks = defineFact<Record<never, never>, readonly string[]>({
  name: 'versionLocks',
  probe: () =>
    'cat /etc/dnf/plugins/versionlock.list /etc/dnf/versionlock.toml /etc/yum/pluginconf.d/versionlock.list 2>/dev/null || :',
  parse: (output, args) => {
    const names = output.split('\n').flatMap(line => lockedBy(line.trim()) ?? [])
    return args.map(() => names)
  },
})

/**
 * dnf 4: `kubelet-0:1.30.4-1.1.*`; yum: `0:kubelet-1.30.4-1.1.*`; dnf 5: `name = "kubelet"`, and other words. A line
 * that begins with `!` keeps a version out.
 */
function lockedBy(line: string): string | undefined {
  const [, named] = /^name = "([^"]+)"$/.exec(line) ?? []
  if (named !== undefined || line === '' || /^[#![]| = /.test(line)) return named
  const entry = line.replace(/^\d+:/, '')
  return entry.endsWith('-*') ? entry.slice(0, -2) : entry.replace(/-[^-]+-[^-]+$/, '')
}
