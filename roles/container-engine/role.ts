import { assert, computed, defineRole, directory, facts, file, packages, quote, type Task } from 'rota'
import { cluster, clusterProblems } from '../lib/cluster/index.ts'
import { configured, isAnySet, settingsOf } from './config.ts'
import { decide, isTool } from './decide.ts'
import { hasSecret, hostsToml, meansTheSame } from './hosts.toml.ts'
import { askedOf, isAsked, type Params, params } from './params.ts'
import { placed } from './placed.ts'
import { engineIsNew } from './restart.ts'
import { readSeen, type Seen, seenFact } from './seen.ts'

/**
 * The container engine of a node, of the versions that are asked for: programs or packages, what is asked for of its
 * configuration, and one restart, where what runs is not that. For plays that drain a node before its changes. Nothing
 * is done where nothing is asked for, and on a host without a kubelet.
 */
export const containerEngine = defineRole({
  name: 'container-engine',
  description: 'the container engine of a node, of the versions that are asked for',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  peers: ({ params, host }) => ({
    hosts: isWanted(params) ? [host.name] : [],
    facts: () => ({ seen: seenFact(params) }),
  }),
  tasks: ({ params, host, peers }) => {
    if (!isWanted(params)) return []
    const said = peers.get(host.name)?.seen
    const seen = said && readSeen(said)
    if (seen !== undefined && seen.engine === undefined) return []
    const { moves } = seen ? decide(askedOf(params), seen, params) : { moves: [] }
    return [
      engineMayChange(params),
      moves.map(move => {
        // Debian's would restart it now: the new program has not said yet what it makes of the configuration.
        if (move.by === 'package')
          return packages({ names: move.names, start: false, ...(move.held ? { hold: true } : {}) })
        if (move.part === 'docker' || isTool(move.part)) return undefined
        return placed(params, move, move.part, move.part === 'containerd' ? seen?.config : undefined)
      }),
      seen?.engine === 'containerd' && configTasks(params, seen),
      engineIsNew(params),
    ]
  },
})

const isWanted = (params: Params): boolean => isAsked(params) || isAnySet(settingsOf(params))

/** All that would fail once the node is drained, found out before. */
const engineMayChange = (params: Params): Task =>
  assert({
    that: 'the container engine can be what it is asked to be',
    holds: computed({ seen: seenFact(params) }, ({ seen }) => whyNot(params, readSeen(seen))),
  })

export function whyNot(params: Params, seen: Seen): string | undefined {
  const { problems } = decide(askedOf(params), seen, params)
  const settings = settingsOf(params)
  const { systemdCgroup } = settings
  const driver = systemdCgroup === undefined ? undefined : systemdCgroup ? 'systemd' : 'cgroupfs'
  const all = [
    ...problems,
    ...(seen.engine === 'containerd' && driver && seen.cgroupDriver && driver !== seen.cgroupDriver
      ? [
          `containerd_use_systemd_cgroup is ${systemdCgroup}, and the cgroupDriver of the kubelet is ${seen.cgroupDriver}: pods would not start`,
        ]
      : []),
    ...(seen.engine === 'containerd' && isAnySet(settings) && seen.refused !== undefined && problems.length === 0
      ? [`containerd does not take ${seen.config} as it is: ${seen.refused}`]
      : []),
  ]
  return all.length === 0 ? undefined : all.join('; ')
}

function configTasks(params: Params, { config: found, parts }: Seen): readonly (Task | readonly Task[])[] {
  const settings = settingsOf(params)
  if (!isAnySet(settings)) return []
  const config = found ?? `${params.configDir}/config.toml`
  const program = quote(parts.containerd?.path ?? 'containerd')
  // As it is now: another program may be in the place by then.
  const dump = facts.command({
    run: `${program} $([ ! -e ${quote(config)} ] || echo --config) $([ ! -e ${quote(config)} ] || echo ${quote(config)}) config dump`,
    timeout: 30,
  })
  return [
    registryTasks(params),
    directory({ path: params.configDir }),
    file({
      path: config,
      content: computed({ dump, current: facts.path({ path: config, content: true }) }, ({ dump, current }) =>
        configured(textOf(facts.bytesOf(current)), dump.stdout, settings),
      ),
      validate: `${program} --config %s config dump >/dev/null`,
    }),
  ]
}

/** containerd reads them with each pull: no restart. */
function registryTasks(params: Params): readonly Task[] {
  const { registries } = settingsOf(params)
  if (registries === undefined) return []
  return (params.mirrors ?? []).flatMap(registry => {
    const dir = `${registries}/${registry.prefix}`
    const path = `${dir}/hosts.toml`
    const wanted = hostsToml(registry)
    return [
      directory({ path: dir, mode: '0755' }),
      file({
        path,
        content: computed({ current: facts.path({ path, content: true }) }, ({ current }) => {
          const is = textOf(facts.bytesOf(current))
          return meansTheSame(is, wanted) ? is : wanted
        }),
        ...(hasSecret(registry) ? { secret: true } : {}),
      }),
    ]
  })
}

const textOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? new Uint8Array()).toString()
