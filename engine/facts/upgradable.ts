import { raw, type Shell, sh } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { quoted } from './output.ts'
import { listsOlder } from './package-lists.ts'
import { within } from './timeout.ts'

export interface UpgradableArgs {
  /** Names, with `*` and `?`, of packages that stay at the version that they have. */
  readonly except: readonly string[]
  /** Seconds: package lists that are older are fetched for the look alone, into a directory that goes with it. */
  readonly listsMaxAge: number
}

export interface Upgrade {
  readonly name: string
  /** Version that is installed; undefined: it is new, for another one needs it. */
  readonly from?: string
  readonly to: string
}

export type UpgradableFact =
  | {
      readonly type: 'known'
      readonly manager: 'apt' | 'dnf'
      /** Something is to be upgraded, or was left half done. */
      readonly due: boolean
      readonly upgrades: readonly Upgrade[]
      /** Packages that would go. */
      readonly removals: readonly string[]
      /** Newer ones are known, and are not taken: they are held, or would need what is not to be. */
      readonly keptBack: readonly string[]
      /** Packages that an earlier run of the package manager has left half done; empty text among them: some. */
      readonly unfinished: readonly string[]
    }
  /** What an upgrade would do can't be told. */
  | { readonly type: 'unknown'; readonly reason: string }
  | { readonly type: 'unavailable'; readonly reason: string }

/**
 * What an upgrade of all packages would do, by the package manager's own word. apt's lists stay as they are: where they
 * are too old, newer ones are fetched beside them (unchanged ones are not fetched again), without the hooks that others
 * have put there. dnf's cache is its own affair.
 */
export const upgradable = defineFact<UpgradableArgs, UpgradableFact>({
  name: 'upgradable',
  probe: args => `${within}\n${args.map(one => `( ${look(one)} )`).join("\nprintf '\\n%s\\n' '-- next'\n")}`,
  parse: (output, args) => {
    const answers = output.split(/^-- next$/m)
    return args.map((_, index) => readAnswer(answers[index] ?? ''))
  },
})

// A subshell: what is fetched goes with it.
const look = ({ except, listsMaxAge }: UpgradableArgs): string => `LC_ALL=C; export LC_ALL
umask 022
if command -v apt-get >/dev/null 2>&1 && command -v dpkg-query >/dev/null 2>&1; then
  room=$(mktemp -d /var/tmp/rota-apt.XXXXXXXX) || { echo unknown; echo 'no directory can be made in /var/tmp'; exit; }
  trap 'rm -rf "$room"' EXIT
  trap 'exit 1' HUP INT TERM
  # apt fetches as another user.
  chmod 755 "$room"
  ${aptPins(except).text}
  apt_pins "$room"
  set -- -o Dir::Etc::preferences="$room/preferences"
  if ${listsAreOld(listsMaxAge).text}; then
    mkdir -p "$room/lists/partial"
    for f in /var/lib/apt/lists/*; do
      case $f in */lock | *'*') ;; *) [ ! -f "$f" ] || ln -s "$f" "$room/lists/" ;; esac
    done
    apt-config dump | grep -Ev '^APT::Update::(Pre|Post)-Invoke' >"$room/conf"
    APT_CONFIG=$room/conf; export APT_CONFIG
    set -- "$@" -o Dir::Etc::main=/dev/null -o Dir::Etc::parts=/dev/null -o Dir::State::lists="$room/lists" \\
      -o Dir::Cache::archives="$room" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
    if ! said=$(within 300 apt-get -q "$@" -o APT::Update::Error-Mode=any update 2>&1); then
      echo unknown; echo "the package lists can't be fetched: $(printf '%s\\n' "$said" | grep '^[EW]:' | sort | head -n 1)"; exit
    fi
  fi
  if said=$(within 120 apt-get -q -s "$@" ${neverAutoRemoved(except).text} --auto-remove dist-upgrade 2>&1); then
    echo apt
    [ -z "$(ls /var/lib/dpkg/updates 2>/dev/null)" ] || echo interrupted
    printf '%s\\n' "$said"
  else
    echo unknown; echo "apt can't tell what it would do: $(printf '%s\\n' "$said" | grep '^E:' | head -n 1)"
  fi
elif command -v rpm >/dev/null 2>&1 && dnf=$(command -v dnf || command -v yum); then
  said=$(within 600 "$dnf" --assumeno --setopt=metadata_expire=${Number(listsMaxAge)} ${dnfExcludes(except).text} upgrade 2>&1)
  case $said in
    *'Transaction Summary'*)
      echo dnf
      printf '%s\\n' "$said"
      echo '-- installed'
      rpm -qa --qf '%{NAME}.%{ARCH} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n' ;;
    *'Nothing to do'* | *'No packages marked for update'*) echo dnf ;;
    *) echo unknown; echo "$dnf can't tell what it would do: $(printf '%s\\n' "$said" | grep -i error | head -n 1)" ;;
  esac
else echo none; fi`

/**
 * Shell function `apt_pins DIR`: writes the host's preferences, and before them that these packages stay. The first
 * record that names a package counts.
 */
export const aptPins = (except: readonly string[]): Shell => sh`apt_pins() {
  eval "$(apt-config shell apt_own Dir::Etc::preferences/f)"
  { ${except.length === 0 ? raw(':') : sh`printf '%s\n' ${`Package: ${except.join(' ')}`} 'Pin: release *' 'Pin-Priority: -1' ''`}
    [ ! -f "\${apt_own-}" ] || cat "$apt_own"; } >"$1/preferences"
}`

/** Options of apt-get by which these packages are not removed because no other one needs them. */
export const neverAutoRemoved = (except: readonly string[]): Shell =>
  sh`${except.flatMap(glob => ['-o', `APT::NeverAutoRemove::=${expressionOf(glob)}`])}`

export const dnfExcludes = (except: readonly string[]): Shell => sh`${except.map(glob => `--exclude=${glob}`)}`

/** A condition that holds where apt has no lists, or they are older; with 0 always. */
export const listsAreOld = (maxAge: number): Shell =>
  raw(
    maxAge === 0
      ? 'true'
      : `${listsOlder(maxAge)} || [ -z "$(find /var/lib/apt/lists -maxdepth 1 -name '*_*' 2>/dev/null | head -n 1)" ]`,
  )

/** A glob as the regular expression of a whole name. */
export const expressionOf = (glob: string): string =>
  `^${glob.replace(/[.+]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.')}$`

function readAnswer(text: string): UpgradableFact {
  const [how, ...rows] = text.trim().split('\n')
  if (how === 'none')
    return { type: 'unavailable', reason: 'neither apt (dpkg-query) nor dnf or yum (rpm) is installed' }
  if (how === 'unknown') return { type: 'unknown', reason: reasonIn(rows.join(' ')) }
  if (how === 'apt') return readApt(rows)
  if (how === 'dnf') return readDnf(rows)
  throw new Error(`unexpected answer about upgrades: ${quoted(how)}`)
}

const reasonIn = (said: string): string =>
  said
    .replace(/[^\x20-\x7e]/g, '')
    .trim()
    .slice(0, 300)

/** `Inst libc6 [2.36-9] (2.36-10 Debian:12/stable [amd64])`, `Remv a [1]`, `Conf a (2 …)`. */
function readApt(rows: readonly string[]): UpgradableFact {
  const upgrades: Upgrade[] = []
  const removals: string[] = []
  const configured: string[] = []
  for (const row of rows) {
    if (!/^(Inst|Remv|Conf) /.test(row)) continue
    const [, verb, name, from, to] = /^(\w+) (\S+)(?: \[(\S+)\])?(?: \((\S+) [^)]*\))?/.exec(row) ?? []
    const it = nameOf(name)
    if (verb === 'Remv') removals.push(it)
    else if (verb === 'Conf') configured.push(it)
    else upgrades.push({ name: it, ...(from === undefined ? {} : { from: versionOf(from) }), to: versionOf(to) })
  }
  const known = new Set(upgrades.map(({ name }) => name))
  const unfinished = configured.filter(name => !known.has(name))
  return {
    type: 'known',
    manager: 'apt',
    upgrades,
    removals,
    keptBack: keptBackIn(rows),
    ...dueFor(upgrades, rows[0] === 'interrupted' && unfinished.length === 0 ? [''] : unfinished),
  }
}

// What is only no longer needed is no reason to take a host out of service.
const dueFor = (upgrades: readonly Upgrade[], unfinished: readonly string[]) => ({
  unfinished,
  due: upgrades.length > 0 || unfinished.length > 0,
})

function keptBackIn(rows: readonly string[]): readonly string[] {
  const start = rows.findIndex(row => /^The following packages have been kept back:/.test(row))
  if (start < 0) return []
  const rest = rows.slice(start + 1)
  const end = rest.findIndex(row => !row.startsWith(' '))
  return rest
    .slice(0, end < 0 ? rest.length : end)
    .flatMap(row => row.trim().split(/ +/))
    .map(nameOf)
}

/**
 * The table of a transaction: sections with rows of name, architecture, version, repository and size, which are broken
 * where they are too long: six words each.
 */
function readDnf(rows: readonly string[]): UpgradableFact {
  const mark = rows.indexOf('-- installed')
  const installed = new Map<string, string>()
  for (const row of mark < 0 ? [] : rows.slice(mark + 1)) {
    const [name = '', version = ''] = row.split(' ')
    installed.set(name, version)
  }
  const sections = new Map<string, string[]>()
  let section: string[] | undefined
  for (const row of mark < 0 ? [] : rows.slice(0, mark)) {
    const [, title] = /^([A-Z][A-Za-z ]*):$/.exec(row) ?? []
    if (title !== undefined) {
      section = sections.get(title) ?? []
      sections.set(title, section)
    } else if (!row.startsWith(' ')) section = undefined
    else if (!/^\s+replacing /.test(row)) section?.push(...row.trim().split(/\s+/))
  }
  const inSection = (pattern: RegExp) =>
    [...sections].flatMap(([title, all]) => (pattern.test(title) ? chunked(all, title) : []))
  const upgrades = inSection(/^(Upgrading|Updating|Installing|Downgrading)/).map(([name, arch, version]): Upgrade => {
    const from = installed.get(`${name}.${arch}`)
    return { name: nameOf(name), ...(from === undefined ? {} : { from: versionOf(from) }), to: versionOf(version) }
  })
  return {
    type: 'known',
    manager: 'dnf',
    upgrades,
    removals: inSection(/^Removing/).map(([name]) => nameOf(name)),
    keptBack: inSection(/^Skipping/).map(([name]) => nameOf(name)),
    ...dueFor(upgrades, []),
  }
}

function chunked(words: readonly string[], title: string): readonly (readonly string[])[] {
  if (words.length % 6 !== 0) throw new Error(`the packages of dnf under ${quoted(title)} can't be told apart`)
  return Array.from({ length: words.length / 6 }, (_, index) => words.slice(index * 6, index * 6 + 6))
}

function nameOf(said: string | undefined): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9+._:-]{0,150}$/.test(said ?? '')) throw new Error(`${quoted(said)} is no package`)
  return said ?? ''
}

function versionOf(said: string | undefined): string {
  if (!/^[A-Za-z0-9.+~:^_-]{1,150}$/.test(said ?? '')) throw new Error(`${quoted(said)} is no version`)
  return said ?? ''
}

export const patternOfPackages = /^[A-Za-z0-9*?][A-Za-z0-9+._*?-]*$/
