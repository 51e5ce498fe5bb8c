import { type Check, type Finding, facts, hostCheck } from 'rota'
import { list } from './list.ts'

/** The host's packages are whole: with one that is half installed every installation fails, whatever it is for. */
export const packagesAreWhole = (): Check =>
  hostCheck({
    name: 'packages',
    facts: { packages: facts.command({ run: packagesText, timeout: 20 }) },
    verdict: ({ packages }) => judgePackages(packages.stdout),
  })

/**
 * What dpkg writes down while it works is in `updates`, and is left there by one that was killed. A lock is told from
 * /proc/locks, so that nothing has to be taken to find it out: the fifth word is the process, the sixth ends with the
 * file's inode.
 */
export const packagesText = `LC_ALL=C; export LC_ALL
held() {
  for f; do
    [ -e "$f" ] || continue
    awk -v i=":$(stat -c %i "$f")" 'substr($6, length($6) - length(i) + 1) == i && $5 > 0 { print $5 }' /proc/locks
  done | sort -u | while read -r pid; do
    printf 'held %s %s\\n' "$pid" "$(tr -cd '[:alnum:]._+-' <"/proc/$pid/comm")"
  done
}
if command -v dpkg-query >/dev/null; then
  echo dpkg
  for f in /var/lib/dpkg/updates/[0-9]*; do [ ! -e "$f" ] || { echo interrupted; break; }; done
  dpkg-query -W -f='\${db:Status-Abbrev}\\t\${Package}\\n' 2>/dev/null | sed -n 's/^\\(.[UFH].\\|..R\\)\\t/broken /p'
  held /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock
elif command -v rpm >/dev/null; then
  echo rpm
  # It may be no package itself: what counts is whether it can read.
  if LC_ALL=C rpm -q rpm 2>&1 | grep -q '^error:'; then echo unreadable; fi
  held /var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock
fi
:`

export function judgePackages(stdout: string): Finding {
  const expected = 'packages that are all whole'
  const lines = stdout.split('\n')
  const of = (word: string) => lines.flatMap(line => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []))
  const manager = lines[0]
  if (manager !== 'dpkg' && manager !== 'rpm') return { ok: true, expected, saw: 'neither dpkg nor rpm here' }
  const held = of('held').flatMap(
    said => /^(\d+) ([\w.+-]+)$/.exec(said)?.slice(1, 3).reverse().join(', process ') ?? [],
  )
  const warnings = held.map(
    who => `${manager} is at work (${who}): packages are installed when it has ended, so let it end before`,
  )
  const more = warnings.length === 0 ? {} : { warnings }
  const broken = of('broken').filter(name => /^[\w.+-]+$/.test(name))
  const wrong = [
    ...(lines.includes('interrupted') ? ['dpkg was interrupted: run dpkg --configure -a'] : []),
    ...(broken.length > 0 ? [`half installed: ${list(broken)}: run dpkg --configure -a, then apt-get -f install`] : []),
    ...(lines.includes('unreadable') ? ["rpm can't read its database: run rpm --rebuilddb"] : []),
  ]
  if (wrong.length > 0) return { ok: false, expected, saw: wrong.join('; '), ...more }
  return { ok: true, expected, saw: 'whole', ...more }
}
