import { defineFact } from './fact.ts'
import { wordOf } from './output.ts'

export interface OsFact {
  /** ID of /etc/os-release: `debian`, `ubuntu`, `rhel`, `alpine`; empty when it is not known. */
  readonly id: string
  /** ID_LIKE. */
  readonly like: readonly string[]
  /** VERSION_ID: `12`, `22.04`. */
  readonly version: string
  /** VERSION_CODENAME: `bookworm`. */
  readonly codename: string
  /** `uname -m`: `x86_64`, `aarch64`. */
  readonly architecture: string
  readonly kernel: string
  readonly hostname: string
  readonly packageManager: 'apt' | 'dnf' | 'yum' | 'zypper' | 'apk' | 'none'
  /** The init system: systemd when it has booted this host. */
  readonly init: 'systemd' | 'other'
}

/** What system the host runs. */
export const os = defineFact<Record<never, never>, OsFact>({
  name: 'os',
  probe: () => `uname -m; uname -r; uname -n
m=none
for p in apt-get dnf yum zypper apk; do if command -v $p >/dev/null 2>&1; then m=$p; break; fi; done
echo "$m"
if [ -d /run/systemd/system ]; then echo systemd; else echo other; fi
if [ -r /etc/os-release ]; then cat /etc/os-release; fi`,
  parse: (output, args) => {
    const [architecture = '', kernel = '', hostname = '', manager = 'none', init, ...release] = output.split('\n')
    const values = new Map(
      release.flatMap(line => {
        const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? []
        return name === undefined ? [] : [[name, (value ?? '').replace(/^(["'])(.*)\1$/, '$2')] as const]
      }),
    )
    const fact: OsFact = {
      id: wordOf(values.get('ID'), 'ID of os-release'),
      like: (values.get('ID_LIKE') ?? '')
        .split(' ')
        .filter(Boolean)
        .map(word => wordOf(word, 'ID_LIKE of os-release')),
      version: wordOf(values.get('VERSION_ID'), 'VERSION_ID of os-release'),
      codename: wordOf(values.get('VERSION_CODENAME'), 'VERSION_CODENAME of os-release'),
      architecture: wordOf(architecture, 'the architecture'),
      kernel: wordOf(kernel, 'the release of the kernel'),
      hostname: wordOf(hostname, 'the name of the host'),
      packageManager: manager === 'apt-get' ? 'apt' : isManager(manager) ? manager : 'none',
      init: init === 'systemd' ? 'systemd' : 'other',
    }
    return args.map(() => fact)
  },
})

const isManager = (name: string): name is Exclude<OsFact['packageManager'], 'apt'> =>
  ['dnf', 'yum', 'zypper', 'apk', 'none'].includes(name)
