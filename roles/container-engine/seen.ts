import { facts, quote } from 'rota'
import { readRuntime, runtimeText } from '../preflight/runtime.ts'
import { isAsked, type Part, type SeenParams } from './params.ts'

/** What a host has of one part. */
export interface Had {
  readonly path: string
  /** Version of the file, and of the process that runs. */
  readonly version?: string
  readonly runs?: string
  /** The package that the file is of. */
  readonly package?: Package
}

export interface Package {
  readonly name: string
  readonly version: string
  readonly manager: 'apt' | 'rpm'
  readonly held: boolean
  /** Versions that apt knows of, the newest first. */
  readonly offers: readonly string[]
}

/** What a host shows of its container engine. */
export interface Seen {
  /** The one that the kubelet uses; none where there is no kubelet. */
  readonly engine?: 'containerd' | 'docker' | 'crio' | 'unknown'
  readonly kubelet?: string
  readonly cgroupDriver?: string
  readonly parts: Readonly<Partial<Record<Part, Had>>>
  /** Versions of the package with Docker's command alone, which Debian has apart since 13. */
  readonly dockerCli: readonly string[]
  /** Where containerd's configuration is, and why it is none to the program that is there. */
  readonly config?: string
  readonly refused?: string
  /** The configuration was written after containerd was started. */
  readonly configIsNewer: boolean
}

export const seenFact = (params: SeenParams) => facts.command({ run: seenText(params), timeout: 90 })

/** Shell function: the first version in what is read. */
export const numberFunction = `number() { grep -oE '[0-9]+\\.[0-9]+\\.[0-9]+' | head -n 1; }`

/** Where the CNI plugins are; the one among them that tells the version of all. */
export const cniDir = '/opt/cni/bin'
export const cniPlugin = 'loopback'

/** Shell text that prints what a program says that it is. */
export const versionOf = (part: Part, path: string): string =>
  part === 'cni'
    ? `CNI_COMMAND= ${path} 2>&1 </dev/null | head -n 1 | number`
    : `${path} --version 2>/dev/null | number`

/** Lines `KEY VALUE…`, those of a part begin with its name. Looks, and changes nothing. */
export const seenText = (params: SeenParams): string => `${runtimeText(params)}
bin=${quote(params.binDir)}
${numberFunction}
owner() {
  if command -v dpkg-query >/dev/null 2>&1; then
    name=$(dpkg-query -S "$1" 2>/dev/null | grep -v '^diversion' | sed -n '1s/[:,].*//p')
    [ -z "$name" ] || dpkg-query -W -f '\${Package} \${Version} apt \${db:Status-Want}\\n' "$name" 2>/dev/null | head -n 1
  elif command -v rpm >/dev/null 2>&1; then
    rpm -qf --qf '%{NAME} %{VERSION}-%{RELEASE} rpm -\\n' "$1" 2>/dev/null | grep ' rpm -$' | head -n 1
  fi
}
offers() {
  ${isAsked(params) ? '' : 'return 0\n  '}apt-cache madison "$2" 2>/dev/null | awk -F '|' -v part="$1" '{ gsub(/ /, "", $2); print part " offers " $2 }' | head -n 60
}
packaged() {
  echo "$1 package $2"
  case $2 in *' apt '*) offers "$1" "\${2%% *}" ;; esac
}
tell() {
  echo "$1 path $2"
  own=$(owner "$2")
  [ -z "$own" ] || packaged "$1" "$own"
}
daemon() {
  pid=$(systemctl show -p MainPID "$1.service" 2>/dev/null | sed 's/^MainPID=//')
  path=$(command -v "$2")
  if [ "\${pid:-0}" -gt 0 ]; then
    path=$(readlink "/proc/$pid/exe" | sed 's/ (deleted)$//')
    echo "$1 runs $("/proc/$pid/exe" --version 2>/dev/null | number)"
  fi
  [ -n "$path" ] || return 0
  tell "$1" "$path"
  echo "$1 version $(${versionOf('containerd', '"$path"')})"
}
tool() {
  path=$2/$1
  [ -e "$path" ] || path=$(command -v "$1") || return 0
  tell "$1" "$path"
  echo "$1 version $(${versionOf('runc', '"$path"')})"
}
daemon docker dockerd
[ -z "$path" ] || offers docker-cli docker-cli
daemon containerd containerd
if [ -n "$path" ]; then
  config=/etc/containerd/config.toml
  if [ "\${pid:-0}" -gt 0 ]; then
    named=$(tr '\\0' '\\n' <"/proc/$pid/cmdline" | sed -n -e '/^\\(-c\\|--config\\)$/{n;p;}' -e 's/^--config=//p' | head -n 1)
    config=\${named:-$config}
  fi
  echo "config $config"
  if [ -e "$config" ]; then
    said=$("$path" --config "$config" config dump 2>&1 >/dev/null) || echo "refused $(printf '%s' "$said" | tail -n 1 | cut -c 1-300)"
    if [ "\${pid:-0}" -gt 0 ]; then
      began=$(systemctl show -p ExecMainStartTimestamp containerd.service | sed 's/^[^=]*=//')
      began=$(date -d "$began" +%s 2>/dev/null) || began=
      [ -z "$began" ] || [ "$(stat -L -c %Y "$config")" -le "$began" ] || echo newer
    fi
  fi
fi
for name in runc crictl nerdctl; do tool "$name" "$bin"; done
if [ -e ${cniDir}/${cniPlugin} ]; then
  echo "cni path ${cniDir}/${cniPlugin}"
  echo "cni version $(${versionOf('cni', `${cniDir}/${cniPlugin}`)})"
  own=$(owner ${cniDir}/${cniPlugin}); [ -z "$own" ] || packaged cni "$own"
fi
pid=$(systemctl show -p MainPID kubelet.service 2>/dev/null | sed 's/^MainPID=//')
if [ "\${pid:-0}" -gt 0 ]; then echo "kubelet-version $("/proc/$pid/exe" --version 2>/dev/null | number)"
elif [ -x "$bin/kubelet" ]; then echo "kubelet-version $("$bin/kubelet" --version 2>/dev/null | number)"; fi
driver=$(cat $files 2>/dev/null | sed -n -e 's/.*--cgroup-driver[= ]*\\([a-z]*\\).*/\\1/p' -e 's/^ *cgroupDriver: *"\\{0,1\\}\\([a-z]*\\).*/\\1/p' | head -n 1)
[ -z "$driver" ] || echo "cgroup-driver $driver"
:`

const names: readonly Part[] = ['containerd', 'runc', 'crictl', 'nerdctl', 'cni', 'docker']

/** What a host says: lines that are none of `seenText` are left out. */
export function readSeen({ stdout }: { readonly stdout: string }): Seen {
  const lines = stdout.split('\n')
  const said = (key: string, pattern: RegExp): string | undefined =>
    lines
      .flatMap(line => (line.startsWith(`${key} `) ? (pattern.exec(line.slice(key.length + 1))?.[0] ?? []) : []))
      .at(0)
  const offersOf = (key: string): readonly string[] =>
    lines.flatMap(line => new RegExp(`^${key} offers ([A-Za-z0-9.+~:-]+)$`).exec(line)?.[1] ?? [])
  const packageOf = (key: string): Package | undefined => {
    const line = said(`${key} package`, /^[A-Za-z0-9][A-Za-z0-9+._-]* [A-Za-z0-9.+~:^-]+ (?:apt|rpm) \S+$/)
    if (line === undefined) return undefined
    const [name = '', version = '', manager, want] = line.split(' ')
    const offers = offersOf(key)
    return { name, version, manager: manager === 'rpm' ? 'rpm' : 'apt', held: want === 'hold', offers }
  }
  const had = (part: Part): readonly (readonly [Part, Had])[] => {
    const path = said(`${part} path`, /^\/\S+$/)
    if (path === undefined) return []
    const [version, runs, of] = [said(`${part} version`, number), said(`${part} runs`, number), packageOf(part)]
    return [[part, { path, ...(version && { version }), ...(runs && { runs }), ...(of && { package: of }) }]]
  }
  const engine = engineOf(stdout)
  const [kubelet, cgroupDriver] = [said('kubelet-version', number), said('cgroup-driver', /^(?:systemd|cgroupfs)$/)]
  const [config, refused] = [said('config', /^\/\S+$/), said('refused', /^.+$/)]
  return {
    parts: Object.fromEntries(names.flatMap(had)),
    configIsNewer: lines.includes('newer'),
    dockerCli: offersOf('docker-cli'),
    ...(engine && { engine }),
    ...(kubelet && { kubelet }),
    ...(cgroupDriver && { cgroupDriver }),
    ...(config && { config }),
    ...(refused && { refused }),
  }
}

const number = /^\d+\.\d+\.\d+$/

function engineOf(stdout: string): Seen['engine'] {
  const { kubelet, endpoint, docker } = readRuntime(stdout)
  if (!kubelet) return undefined
  if (endpoint === undefined) return docker ? 'docker' : 'unknown'
  if (/(?:dockershim|cri-dockerd)\.sock$/.test(endpoint)) return 'docker'
  if (endpoint.includes('containerd')) return 'containerd'
  return endpoint.includes('crio') ? 'crio' : 'unknown'
}
