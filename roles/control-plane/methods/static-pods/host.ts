import { command, quote, type Task } from 'rota'
import { imageIsMissed } from '../../../lib/cluster/index.ts'
import { type DaemonName, daemonNames, type Params } from '../../daemons/daemons.ts'
import { imageOf, logOf } from './pods.ts'

/** The images are there before any daemon is stopped: from some version on a kubelet fetches them only after that. */
export const imagesAreThere = (params: Params): readonly Task[] =>
  daemonNames.map(name => {
    const image = quote(imageOf(params, name))
    return command({
      title: `image ${imageOf(params, name)}`,
      why: 'it is not on this host',
      unless: `${withRuntime(`docker image inspect ${image}`, `crictl inspecti -q ${image}`)} >/dev/null 2>&1`,
      run: `${withRuntime(`docker pull -q ${image}`, `crictl pull ${image}`)} || ${imageIsMissed(imageOf(params, name))}`,
      timeout: 600,
    })
  })

const withRuntime = (docker: string, crictl: string): string =>
  `{ if docker info >/dev/null 2>&1; then ${docker}; else ${crictl}; fi; }`

/** Log files are there first: Docker makes a directory of a path that it shall mount and does not find. */
export const logFiles = (): readonly Task[] =>
  daemonNames.map((name: DaemonName) => {
    const path = quote(logOf(name))
    return command({
      title: `log file ${logOf(name)}`,
      why: 'it is no file',
      unless: `[ -f ${path} ]`,
      run: `if [ -d ${path} ]; then rmdir ${path} || exit 1; fi
umask 077
touch ${path}`,
    })
  })
