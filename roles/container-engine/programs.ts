import { defineRole, directory, download, file, type Task, unarchive } from 'rota'
import { anyProgram } from '../kube-binaries/cache.ts'
import { programToCome } from '../kube-binaries/come.ts'
import { machineFact, machineFrom } from '../kube-binaries/lacking.ts'
import { type Provided, providePrograms, type Way } from '../kube-binaries/provide.ts'
import { proxiesOf } from '../kube-binaries/role.ts'
import { cluster, clusterProblems } from '../lib/cluster/index.ts'
import { artefactProblems, artefacts, cacheOf, folderOf, type Programmed, programsOf, sourceOf } from './artefacts.ts'
import { decide, isTool, type Move } from './decide.ts'
import { askedOf, isAsked, type ProgramParams, programParams } from './params.ts'
import { inUse, placed } from './placed.ts'
import { readSeen, seenFact } from './seen.ts'

/**
 * The programs of the container engine's version, beside those in use: nothing runs them yet. Tools for people alone
 * (crictl, nerdctl) take the place of the old ones at once. Nothing is done where packages bring them.
 */
export const containerEnginePrograms = defineRole({
  name: 'container-engine-programs',
  description: "the programs of the container engine's version, beside those in use",
  params: programParams,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params }) => artefactProblems(params),
  peers: ({ params, host }) => ({
    hosts: isAsked(params) ? [host.name] : [],
    facts: () => ({ seen: seenFact(params), machine: machineFact([]) }),
  }),
  provide: async ({ hosts, check, signal, say, progress }): Promise<ReadonlyMap<string, Way>> => {
    const wants = hosts.flatMap(({ host, params, peers }) => {
      const seen = peers.get(host.name)
      const machine = machineFrom(seen?.machine.stdout ?? '')
      if (seen === undefined || machine === undefined) return []
      return movesOf(params, seen).map(({ part, to }) => ({ host: host.name, params, part, to, machine }))
    })
    const ways = new Map<string, Way>()
    for (const group of grouped(wants)) {
      const [{ params, part, to }] = group
      const { file: name } = artefacts[part]
      const provided: Provided = await providePrograms({
        source: sourceOf(params, part, to),
        cache: cacheOf(params),
        from: params.from,
        wants: group.map(({ host, machine }) => ({ host, machine, names: [name] })),
        pathOf: () => `${folderOf(params, part, to)}/${name}`,
        proxies: { httpProxy: params.httpProxy, httpsProxy: params.httpsProxy, noProxy: params.noProxy },
        check,
        signal,
        say,
        progress,
      })
      for (const { host } of group) {
        const way = provided.wayOf(host, name)
        if (way !== undefined) ways.set(keyOf(host, part), way)
      }
    }
    return ways
  },
  tasks: ({ params, host, peers, prepared }) => {
    const moves = movesOf(params, peers.get(host.name))
    return [
      ...(moves.length === 0 ? [] : [params.installDir, `${params.installDir}/container-engine`]).map(path =>
        directory({ path, mode: '0755' }),
      ),
      ...moves.map(move => [
        come(params, move, prepared?.get(keyOf(host.name, move.part))),
        isTool(move.part) && placed(params, move, move.part),
      ]),
    ]
  },
})

type Program = Move & { readonly part: Programmed }

/** Those that come as programs. Before a host was asked: all that are asked for, so that it is asked. */
function movesOf(
  params: ProgramParams,
  seen: { readonly seen: { readonly stdout: string } } | undefined,
): readonly Program[] {
  const asked = askedOf(params)
  if (seen === undefined)
    return Object.entries(asked.versions).flatMap(([part, to]) =>
      part in artefacts ? [{ part: part as Programmed, from: '0.0.0', to, by: 'program' } as const] : [],
    )
  const { moves } = decide(asked, readSeen(seen.seen), params)
  return moves.flatMap(move => (move.by === 'program' && move.part !== 'docker' ? [{ ...move, part: move.part }] : []))
}

const keyOf = (host: string, part: Programmed): string => `${host} ${part}`

/** What is one artefact: of one version, from one place. */
function grouped<T extends { readonly params: ProgramParams; readonly part: string; readonly to: string }>(
  items: readonly T[],
): readonly (readonly [T, ...T[]])[] {
  const groups: [T, ...T[]][] = []
  for (const item of items) {
    const known = groups.find(
      ([{ params, part, to }]) => params === item.params && part === item.part && to === item.to,
    )
    if (known) known.push(item)
    else groups.push([item])
  }
  return groups
}

/** The programs in the folder of their version. */
function come(params: ProgramParams, { part, to }: Program, way: Way | undefined): readonly Task[] {
  const { file: name, inside } = artefacts[part]
  const dir = folderOf(params, part, to)
  const path = `${dir}/${name}`
  const program = `${programsOf(params, part, to)}/${inUse(part, params.binDir).teller}`
  const [mode, destination] = [inside === undefined ? '0755' : '0644', dir]
  switch (way?.kind) {
    case 'there':
      return inside === undefined ? [] : [unarchive({ path, destination })]
    case 'file':
      return inside === undefined
        ? [directory({ path: dir, mode: '0755' }), file({ path, source: way.path, mode, backup: false })]
        : [unarchive({ source: way.path, destination })]
    case 'host':
      return [
        directory({ path: dir, mode: '0755' }),
        download({ path, url: way.urls, sha256: way.sha256, mode, environment: proxiesOf(params) }),
        ...(inside === undefined ? [] : [unarchive({ path, destination })]),
      ]
    case 'comes':
      return [programToCome({ path: program, from: way.from })]
    default: {
      const source = anyProgram(cacheOf(params), to, name)
      if (source === undefined || inside === undefined) return [programToCome({ path: program })]
      return [unarchive({ source, destination })]
    }
  }
}
