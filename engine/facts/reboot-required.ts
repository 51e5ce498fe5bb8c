import { defineFact } from './fact.ts'

export interface RebootRequiredFact {
  /** Why the host has to be rebooted, in a few words; undefined: it need not be. */
  readonly reason?: string
}

/**
 * Whether what was installed takes effect only after a reboot: Debian leaves a file and names packages beside it, Red
 * Hat's `needs-restarting` (of dnf-utils) is asked where it is there. Where neither has a say, a kernel, a libc, a
 * systemd or a dbus that came after the boot does, as `needs-restarting -r` judges. All of it is gone with a reboot,
 * and stays known until then, whoever has installed it.
 */
export const rebootRequired = defineFact<Record<never, never>, RebootRequiredFact>({
  name: 'rebootRequired',
  probe: () => `if [ -e /run/reboot-required ]; then
  echo file
  [ ! -r /run/reboot-required.pkgs ] || head -c 4096 /run/reboot-required.pkgs
elif command -v needs-restarting >/dev/null 2>&1; then
  case $(LC_ALL=C needs-restarting -r 2>/dev/null) in *'Reboot is required'*) echo tool ;; esac
elif [ -r /proc/1/stat ]; then
  # Of a container the first process has begun later than the kernel. A hundredth of a second is Linux' unit there.
  read -r stat </proc/1/stat
  set -- \${stat##*) }
  shift 19
  booted=$(($(sed -n 's/^btime //p' /proc/stat) + $1 / 100))
  echo since
  if [ -d /var/lib/dpkg/info ]; then
    for list in /var/lib/dpkg/info/linux-image-[0-9]*.list /var/lib/dpkg/info/libc6[.:]*list /var/lib/dpkg/info/systemd.list /var/lib/dpkg/info/dbus.list; do
      [ ! -e "$list" ] || stat -c '%Y %n' "$list"
    done
  elif command -v rpm >/dev/null 2>&1; then
    rpm -q --qf '%{INSTALLTIME} %{NAME}\\n' kernel kernel-core kernel-rt-core glibc systemd dbus-daemon dbus-broker 2>/dev/null
  fi | while read -r time name; do
    case $time in *[!0-9]*) continue ;; esac
    [ "$time" -le "$booted" ] || { name=\${name##*/}; name=\${name%.list}; echo "\${name%%:*}"; }
  done
fi
:`,
  parse: (output, args) => {
    const [how, ...rows] = output.split('\n')
    const names = [...new Set(rows.filter(name => /^[A-Za-z0-9][A-Za-z0-9+.:_-]{0,99}$/.test(name)))]
    const some = names.slice(0, 3)
    return args.map(() => reasonOf(how, some))
  },
})

function reasonOf(how: string | undefined, names: readonly string[]): RebootRequiredFact {
  if (how === 'file') return { reason: ['/run/reboot-required', ...names].join(', ') }
  if (how === 'tool') return { reason: 'needs-restarting -r says so' }
  if (how === 'since' && names.length > 0) return { reason: `newer than the boot: ${names.join(', ')}` }
  return {}
}
