import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { endedLine, quoted } from './output.ts'

export interface FirewallArgs {
  /** Of firewalld; default its own. */
  readonly zone?: string
}

/** The firewall that the host runs, and what it lets in. */
export interface FirewallFact {
  /** Port by which the connection of this run came in, where it is one by ssh. */
  readonly sshPort?: number
  readonly runs: Firewall
}

export type Firewall =
  /** None, or one that drops nothing that comes in. */
  | { readonly type: 'none' }
  | { readonly type: 'unavailable'; readonly reason: string }
  | { readonly type: 'firewalld'; readonly running: FirewalldZone; readonly permanent: FirewalldZone }
  /** Rules as the commands that made them: `allow 22/tcp`. */
  | { readonly type: 'ufw'; readonly rules: readonly string[] }
  | { readonly type: 'nftables'; readonly chains: readonly NftChain[] }

export interface FirewalldZone {
  /** `6443/tcp`, `30000-32767/udp`. */
  readonly ports: readonly string[]
  readonly richRules: readonly string[]
}

/** A chain that sees what comes in, and drops what no rule lets in. */
export interface NftChain {
  readonly family: 'inet' | 'ip' | 'ip6'
  readonly table: string
  readonly name: string
  readonly rules: readonly { readonly handle: number; readonly comment: string }[]
}

/** Which firewall runs: firewalld, else ufw, else nftables by itself. */
export const firewall = defineFact<FirewallArgs, FirewallFact>({
  name: 'firewall',
  probe: args =>
    `${functions}\n${args.map(({ zone = '' }) => `{ firewall_of ${quote(zone)}; } | base64; echo .`).join('\n')}`,
  parse: (output, args) => {
    const answers = endedLine(output).split('.\n')
    return args.map((_, index) => {
      const answer = answers[index]
      if (answer === undefined || index >= answers.length - 1) throw new Error('an answer about a firewall is missing')
      return readAnswer(Buffer.from(answer, 'base64').toString())
    })
  },
})

// A login's variables are gone from ours; whoever has logged in has them still.
const functions = `firewall_ssh() {
  p=$$ hops=0
  while [ "\${p:-0}" -gt 1 ] && [ "$hops" -lt 30 ]; do
    e=$(tr '\\0' '\\n' 2>/dev/null <"/proc/$p/environ" | sed -n 's/^SSH_CONNECTION=//p' | head -n 1)
    if [ -n "$e" ]; then printf 'ssh %s\\n' "\${e##* }"; return; fi
    p=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$p/status") hops=$((hops + 1))
  done 2>/dev/null
}
firewalld_zone() {
  ports=$(firewall-cmd $2 \${zone:+"--zone=$zone"} --list-ports) || return 1
  rules=$(firewall-cmd $2 \${zone:+"--zone=$zone"} --list-rich-rules) || return 1
  printf '%s %s\\n' "$1" "$ports"
  printf '%s\\n' "$rules" | sed "s/^/$1Rule /"
}
firewall_of() (
  zone=$1
  firewall_ssh
  if command -v firewall-cmd >/dev/null 2>&1 && [ "$(firewall-cmd --state 2>&1)" = running ]; then
    echo firewalld
    said=$( { firewalld_zone running '' && firewalld_zone permanent --permanent; } 2>&1) || echo unavailable
    printf '%s\\n' "$said"
    exit
  fi
  if command -v ufw >/dev/null 2>&1; then
    if said=$(ufw status 2>&1); then
      case $said in *'Status: active'*) echo ufw; ufw show added 2>&1; exit ;; esac
    else printf 'unavailable\\n%s\\n' "$said"; exit
    fi
  fi
  if command -v nft >/dev/null 2>&1; then
    if said=$(nft list chains 2>&1); then
      echo nftables
      printf '%s\\n' "$said" | awk '/^table /{f=$2;t=$3} $1=="chain"{c=$2} /hook input/{print f, t, c}' |
        while read -r f t c; do nft -a -j list chain "$f" "$t" "$c"; done
    else printf 'unavailable\\n%s\\n' "$said"
    fi
  fi
)`

function readAnswer(text: string): FirewallFact {
  const [first = '', ...others] = text.split('\n')
  const ssh = /^ssh (\d{1,5})$/.exec(first)?.[1]
  const [kind = '', ...rows] = ssh === undefined ? [first, ...others] : others
  return { ...(ssh === undefined ? {} : { sshPort: Number(ssh) }), runs: readFirewall(kind, rows) }
}

function readFirewall(kind: string, rows: readonly string[]): Firewall {
  if (kind === '') return { type: 'none' }
  if (kind === 'unavailable' || rows[0] === 'unavailable')
    return {
      type: 'unavailable',
      reason: rows
        .filter(row => row !== 'unavailable')
        .join('\n')
        .trim(),
    }
  if (kind === 'firewalld')
    return { type: 'firewalld', running: zoneOf('running', rows), permanent: zoneOf('permanent', rows) }
  if (kind === 'ufw')
    return { type: 'ufw', rules: rows.flatMap(row => (row.startsWith('ufw ') ? [row.slice('ufw '.length)] : [])) }
  if (kind !== 'nftables') throw new Error(`no firewall is called so: ${quoted(kind)}`)
  const chains = rows.filter(row => row.trim() !== '').flatMap(readChain)
  return chains.length === 0 ? { type: 'none' } : { type: 'nftables', chains }
}

function zoneOf(name: string, rows: readonly string[]): FirewalldZone {
  const after = (word: string) => rows.flatMap(row => (row.startsWith(`${word} `) ? [row.slice(word.length + 1)] : []))
  return { ports: after(name).flatMap(ports => ports.split(' ').filter(Boolean)), richRules: after(`${name}Rule`) }
}

/** What `nft -j list chain` says, if it is one that drops what no rule lets in. */
function readChain(json: string): readonly NftChain[] {
  const items = itemsOf(json)
  const chain = items.map(item => item.chain).find(isObject)
  if (chain === undefined || chain.type !== 'filter' || chain.hook !== 'input') return []
  const { family, table, name } = chain
  if ((family !== 'inet' && family !== 'ip' && family !== 'ip6') || !isName(table) || !isName(name)) return []
  const rules = items.map(item => item.rule).filter(isObject)
  if (chain.policy !== 'drop' && !dropsAll(rules.at(-1)?.expr)) return []
  return [
    {
      family,
      table,
      name,
      rules: rules.flatMap(({ handle, comment = '' }) =>
        Number.isSafeInteger(handle) && typeof comment === 'string' ? [{ handle: Number(handle), comment }] : [],
      ),
    },
  ]
}

type Item = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Item => typeof value === 'object' && value !== null && !Array.isArray(value)
const isName = (value: unknown): value is string => typeof value === 'string' && /^[A-Za-z_][\w.-]{0,127}$/.test(value)

function itemsOf(json: string): readonly Item[] {
  const parsed = parseJson(json)
  const list = isObject(parsed) ? parsed.nftables : undefined
  if (!Array.isArray(list)) throw new Error(`what nft says is not understood: ${quoted(json)}`)
  return list.filter(isObject)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A rule without a condition, whose verdict is to drop or to reject. */
function dropsAll(expression: unknown): boolean {
  if (!Array.isArray(expression)) return false
  const [verdict, ...more] = expression.filter(isObject).filter(part => !('counter' in part) && !('log' in part))
  return more.length === 0 && verdict !== undefined && ('drop' in verdict || 'reject' in verdict)
}
