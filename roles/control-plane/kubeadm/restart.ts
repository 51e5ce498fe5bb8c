import { command, type Task } from 'rota'
import { containerFunction } from '../../cluster/index.ts'
import type { DaemonName } from '../daemons.ts'

/** The daemon's container stops; the kubelet starts another one, which reads its files anew. */
export const restartPod = (name: DaemonName): Task =>
  command({
    title: `restart ${name}`,
    run: `${containerFunction({ pod: name, container: name })}
container || exit 0
case $runtime in
  docker) docker stop -t 40 "$id" ;;
  crictl) crictl stop --timeout 40 "$id" ;;
esac >/dev/null`,
    timeout: 90,
  })
