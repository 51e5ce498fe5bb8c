import { command, type Task } from 'rota'
import { containerFunction } from '../../lib/cluster/index.ts'
import { type DaemonName, type Params, stopSeconds } from '../daemons/daemons.ts'

/**
 * The daemon's container stops, in the time that a unit would have; the kubelet starts another one, which reads its
 * files anew.
 */
export const restartPod = (params: Params, name: DaemonName): Task => {
  const seconds = stopSeconds(params, name)
  return command({ title: `restart ${name}`, run: stopContainer(name, seconds), timeout: seconds + 60 })
}

/** Shell text; nothing is done where it does not run. */
export const stopContainer = (name: DaemonName, seconds: number): string => `${containerFunction({
  pod: name,
  container: name,
})}
container || exit 0
case $runtime in
  docker) docker stop -t ${seconds} "$id" ;;
  crictl) crictl stop --timeout ${seconds} "$id" ;;
esac >/dev/null`
