import { facts, quote, type RemoteShell, raw } from 'rota'
import { asClient, type EtcdAt, type Member, parseMembers } from '../etcdctl.ts'

export interface LookAt extends EtcdAt {
  /** Folder of the programs of a member of our own; kubespray's unit says it of one of theirs. */
  readonly binDir: string
  /** Where programs that were brought for the upgrade are. */
  readonly staged: string
}

/** What is kept of a program until the new one is healthy, beside it. */
export const keptEnd = '.rota-old'

/** How a member is, at one moment, as its host says it. */
export interface Look {
  /** By `uname -m`. */
  readonly machine: string
  /** Undefined: the member does not answer. */
  readonly status?: Status
  /** A key was read through the quorum. */
  readonly healthy: boolean
  /** `NOSPACE`, `CORRUPT`: of any member. */
  readonly alarms: readonly string[]
  /** As this member lists them; none where it does not answer. */
  readonly members: readonly Member[]
  /** What the cluster as a whole holds itself to: the lowest version among the members, once all have been seen. */
  readonly clusterVersion?: string
  /** Versions of the programs that are there, by their names. */
  readonly programs: ReadonlyMap<string, string>
  /** The image that the script starts, where the member is a container. */
  readonly image?: string
  /** Version of what was brought for an upgrade. */
  readonly staged?: string
  /** An upgrade is half-way, and what ran before is kept: its version, where it can be told. */
  readonly kept?: { readonly version?: string }
}

export interface Status {
  /** As text: the numbers are larger than JavaScript's. */
  readonly id: string
  readonly leader: string
  readonly version: string
  readonly learner: boolean
  /** Bytes. */
  readonly dbSize: number
  readonly raftIndex: number
  readonly applied: number
  readonly errors: readonly string[]
}

/** Facts of a host for `lookFrom`. */
export const lookFact = (at: LookAt) => facts.command({ run: lookText(at), timeout: 40 })

/** The same at another moment; undefined where the host can't be asked. */
export const lookNow = async ($: RemoteShell, at: LookAt): Promise<Look | undefined> => {
  const answer = await $`${raw(lookText(at))}`
    .timeout(60)
    .nothrow()
    .catch(() => undefined)
  return answer === undefined ? undefined : lookFrom(answer.stdout)
}

// Never `etcd --version` of a member in a container: there it is the script that starts it.
const lookText = (at: LookAt): string => `${asClient(at, at.binDir)}
versionOf() { "$@" 2>/dev/null | sed -n 's/^etcd[a-z]* *[Vv]ersion: *//p' | head -n 1; }
echo "machine $(uname -m)"
printf 'status %s\\n' "$(ctl endpoint status -w json 2>/dev/null | tr -d '\\n')"
if ctl endpoint health >/dev/null 2>&1; then
  echo healthy
  ctl alarm list 2>/dev/null | sed 's/^/alarm /'
  ctl member list 2>/dev/null | sed 's/^/member /'
fi
if command -v curl >/dev/null 2>&1; then
  version=$(curl -q -sS --max-time 5 --cacert "$ca" --cert "$cert" --key "$key" "$at/version" 2>/dev/null)
else
  version=$(printf 'GET /version HTTP/1.0\\r\\n\\r\\n' | timeout 5 openssl s_client -quiet -connect "\${at#https://}" \\
    -CAfile "$ca" -cert "$cert" -key "$key" -verify_return_error 2>/dev/null)
fi
printf 'cluster %s\\n' "$(printf %s "$version" | tr -d '\\r\\n')"
if isTheirs && grep -q '^ExecStop=.*docker stop' "$unit"; then
  imageIn() { grep -B 1 '^ */usr/local/bin/etcd' "$1" 2>/dev/null | sed -n '1s/[ \\\\]//gp'; }
  echo "image $(imageIn "$bin/etcd")"
  [ ! -e "$bin/etcd${keptEnd}" ] || echo "kept $(imageIn "$bin/etcd${keptEnd}" | sed 's/.*:v\\{0,1\\}//')"
else
  echo "program etcd $(versionOf "$bin/etcd" --version)"
  [ ! -e "$bin/etcd${keptEnd}" ] || echo "kept $(versionOf "$bin/etcd${keptEnd}" --version)"
fi
for name in etcdctl etcdutl; do
  path=$(PATH="$bin:$PATH" command -v $name) && echo "program $name $(ETCDCTL_API=3 versionOf "$path" version)"
done
echo "staged $(versionOf ${quote(`${at.staged}/etcd`)} --version)"
:`

/** A host may say what it likes: what is not as etcd says it counts as not said. */
export function lookFrom(stdout: string): Look {
  const lines = stdout.split('\n').map(line => {
    const [word = ''] = line.split(' ', 1)
    return { word, rest: line.slice(word.length + 1).trim() }
  })
  const all = (wanted: string): readonly string[] => lines.flatMap(({ word, rest }) => (word === wanted ? [rest] : []))
  const first = (wanted: string): string => all(wanted)[0] ?? ''
  const status = statusFrom(first('status'))
  const clusterVersion = /"etcdcluster":\s*"(\d+\.\d+\.\d+)"/.exec(first('cluster'))?.[1]
  const image = /^[\w][\w./:@-]*:[\w.-]+$/.exec(first('image'))?.[0]
  const staged = plainVersion(first('staged'))
  const [kept] = all('kept')
  const keptVersion = kept === undefined ? undefined : plainVersion(kept)
  return {
    machine: first('machine'),
    healthy: lines.some(({ word }) => word === 'healthy'),
    alarms: all('alarm').flatMap(line => /alarm:\s*([A-Z]+)/.exec(line)?.[1] ?? []),
    members: membersFrom(all('member')),
    programs: new Map(
      all('program').flatMap(line => {
        const [name = '', version = ''] = line.split(' ')
        return plainVersion(version) === undefined ? [] : [[name, version] as const]
      }),
    ),
    ...(kept !== undefined && { kept: keptVersion === undefined ? {} : { version: keptVersion } }),
    ...(status && { status }),
    ...(clusterVersion !== undefined && { clusterVersion }),
    ...(image !== undefined && { image }),
    ...(staged !== undefined && { staged }),
  }
}

const plainVersion = (text: string): string | undefined => /^\d+\.\d+\.\d+(?:-[\w.]+)?(?:\+[\w.]+)?$/.exec(text)?.[0]

function membersFrom(lines: readonly string[]): readonly Member[] {
  try {
    return parseMembers(lines.join('\n'))
  } catch {
    return []
  }
}

function statusFrom(json: string): Status | undefined {
  const number = (name: string): string | undefined => new RegExp(`"${name}":\\s*(\\d{1,20})\\b`).exec(json)?.[1]
  const version = plainVersion(/"version":\s*"([^"]*)"/.exec(json)?.[1] ?? '')
  const id = number('member_id')
  const raftIndex = Number(number('raftIndex'))
  if (version === undefined || id === undefined || !Number.isSafeInteger(raftIndex)) return undefined
  const errors = /"errors":\s*\[([^\]]*)\]/.exec(json)?.[1] ?? ''
  return {
    ...{ id, version, raftIndex },
    leader: number('leader') ?? '0',
    learner: /"isLearner":\s*true/.test(json),
    dbSize: Number(number('dbSize') ?? 0),
    // Versions before 3.4 do not tell.
    applied: Number(number('raftAppliedIndex') ?? raftIndex),
    errors: [...errors.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.slice(0, 200)),
  }
}
