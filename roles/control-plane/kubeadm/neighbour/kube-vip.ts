import {
  type FactMap,
  facts,
  type HostView,
  type PathFact,
  type PeerFacts,
  quote,
  type Step,
  type StepContext,
  sh,
  step,
} from 'rota'
import { writeBeside } from '../../write-beside.ts'
import { isThere } from '../seen.ts'

interface At {
  readonly manifestDir: string
}

/** The static pod that has the virtual address, as kubespray writes it on each master. */
export const kubeVipOf = ({ manifestDir }: At): string => `${manifestDir}/kube-vip.yml`

/** The same, and as kube-vip's own documentation has it. */
export const kubeVipsOf = (at: At): readonly string[] => [kubeVipOf(at), `${at.manifestDir}/kube-vip.yaml`]

/** Variables of its container whose values another master's kube-vip can't have. */
const ofOneHost = ['bgp_routerid', 'bgp_sourceip', 'bgp_sourceif']
/** Those that name an interface. */
const interfaces = ['vip_interface', 'vip_servicesinterface']

/**
 * What the manifest of a master has that matters to another: a line for each, `there` where it is. Its text may hold
 * the password of a BGP peer, and is not read here.
 */
export const kubeVipFact = (at: At) =>
  facts.command({
    run: `file=${quote(kubeVipOf(at))}
[ -r "$file" ] || exit 0
echo there
for name in ${[...ofOneHost, ...interfaces].join(' ')}; do
  sed -n "/^ *- name: [\\"']\\{0,1\\}$name[\\"']\\{0,1\\} *$/{n;s/^ *value: *[\\"']\\{0,1\\}\\([^\\"' ]*\\).*/$name \\1/p;}" "$file"
done`,
  })

export interface KubeVip {
  /** Interfaces that every master has to have. */
  readonly interfaces: readonly string[]
  /** What stands in it that is one host's own. */
  readonly own: readonly string[]
}

/** Nothing where there is no kube-vip of kubespray's; what a host says is taken by its names alone. */
export function readKubeVip(stdout: string): KubeVip | undefined {
  const [first, ...lines] = stdout.split('\n')
  if (first !== 'there') return undefined
  const found = lines.flatMap(line => {
    const [, name = '', value = ''] = /^([a-z_]+) (\S*)$/.exec(line) ?? []
    return value === '' ? [] : [{ name, value }]
  })
  const valid = (value: string) => /^[\w.@:-]{1,15}$/.test(value)
  return {
    interfaces: found.flatMap(({ name, value }) => (interfaces.includes(name) && valid(value) ? [value] : [])),
    own: found.flatMap(({ name }) => (ofOneHost.includes(name) ? [name] : [])),
  }
}

/** Nothing where no other master has one. */
export function kubeVipAmong(host: Pick<HostView, 'name'>, peers: PeerFacts<FactMap>): Found | undefined {
  for (const [name, seen] of peers) {
    if (name === host.name || seen === undefined) continue
    const kubeVip = readKubeVip((seen as unknown as Seen).kubeVip.stdout)
    if (kubeVip !== undefined) return { from: name, kubeVip }
  }
  return undefined
}

interface Found {
  /** Name of the master that has it. */
  readonly from: string
  readonly kubeVip: KubeVip
}

interface Seen {
  readonly kubeVip: { readonly stdout: string }
}

/** What a host has of the interfaces that a kube-vip names. */
export const interfacesOf = ({ interfaces }: KubeVip): Readonly<Record<string, ReturnType<typeof facts.path>>> =>
  Object.fromEntries(interfaces.map(name => [name, facts.path({ path: `/sys/class/net/${name}` })]))

/** Why a master can't have the one of another. */
export function kubeVipProblem(
  { from, kubeVip: { interfaces, own } }: Found,
  path: string,
  seen: Readonly<Record<string, PathFact>>,
): string | undefined {
  const absent = interfaces.filter(name => seen[name]?.type === 'absent')
  const why = [
    ...(absent.length > 0 ? [`the interface ${absent.join(', ')}, which this host has not`] : []),
    ...(own.length > 0 ? [`${own.join(', ')} of that host alone`] : []),
  ]
  if (why.length === 0) return undefined
  return `${path} of ${from} has ${why.join(' and ')}: join this host with kubespray, which writes each host's own`
}

/**
 * The manifest of one master as another has it: with the name of its node, and its own credentials, for the first
 * master's may be `super-admin.conf`.
 */
export const withOwnNode = (text: string, node: string): string =>
  text
    .replace(/(- name: ["']?vip_nodename["']?\n +value: ).*/, (_, before: string) => before + JSON.stringify(node))
    .replace(/(\n +path: \S*\/)super-admin\.conf(?=["']?\n)/, '$1admin.conf')

/**
 * Gives a master the virtual address' pod, where another has one and this host none. Last of all: until then it could
 * serve nobody at the address. By what is there, not by whether it joins: a run may end between the two. Where it can't
 * have that of another a new master has been refused, and one that serves goes on without, as somebody has made it.
 */
export function hasKubeVip(
  at: At,
  host: Pick<HostView, 'name'>,
  peers: PeerFacts<FactMap>,
  node: string,
): Step | undefined {
  const found = kubeVipAmong(host, peers)
  if (found === undefined) return undefined
  const path = kubeVipOf(at)
  const own = Object.fromEntries(kubeVipsOf(at).map(path => [path, facts.path({ path })]))
  return step({
    title: 'kube-vip as the other masters have it',
    facts: { ...own, ...interfacesOf(found.kubeVip) },
    needed: seen => {
      const isHere = Object.keys(own).some(path => isThere(seen[path] as PathFact))
      return !isHere && kubeVipProblem(found, path, seen) === undefined && `${path} of ${found.from}`
    },
    run: async context => {
      await bringKubeVip(context, found.from, path, node)
      return { summary: `${path} of ${found.from}` }
    },
  })
}

async function bringKubeVip({ $, on }: StepContext, from: string, path: string, node: string): Promise<void> {
  const text = await on(from)`cat ${path}`.secret().text()
  await $`${writeBeside(path, sh`chmod 640 "$new"`)}`.stdin(withOwnNode(`${text}\n`, node)).secret()
}
