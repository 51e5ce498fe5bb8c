import type { RemoteShell, StepContext } from 'rota'
import { nodeNameOf } from '../../lib/cluster/cluster.ts'
import { ownKubectlWords } from '../../lib/cluster/kubectl.ts'
import type { Params } from '../daemons/daemons.ts'
import { serves } from '../gate/serves.ts'
import { markerOf } from './seen.ts'

/** kubespray runs init, join and upgrade up to three times. */
export const attempts = 3

type Asked = Pick<StepContext, '$' | 'host' | 'inventory'>

/** Its own API server answers, and the cluster has it as a control-plane node: then nothing of it is ever reset. */
export async function isMaster({ $, host, inventory }: Asked, params: Params): Promise<boolean> {
  if (!(await servesItself($, params))) return false
  const jsonpath = 'jsonpath={.metadata.labels}'
  const labels =
    await $`${ownKubectlWords(params)} get node ${nodeNameOf(host, inventory)} --ignore-not-found -o ${jsonpath}`.nothrow()
  if (labels.exitCode !== 0)
    throw new Error(
      `whether ${host.name} is a master is not known, its API server does not say: ${labels.stderr.trim()}`,
    )
  return /node-role\.kubernetes\.io\/(master|control-plane)/.test(labels.stdout)
}

/**
 * Throws where a reset might hit a master. An API server that takes connections is only ever that of an attempt of ours
 * that has not ended, and says itself that this host is no master.
 */
export async function mayBeReset(context: Asked, params: Params): Promise<void> {
  const { $, host } = context
  if (await isMaster(context, params)) throw new Error(`${host.name} is a master that serves: it is not reset`)
  if (!(await serves($, params.apiserverPort))) return
  const ours = (await $`[ -e ${markerOf(params)} ]`.nothrow()).exitCode === 0
  if (!ours || !(await servesItself($, params)))
    throw new Error(
      `${host.name} is not reset: something takes connections on port ${params.apiserverPort} there, and it can't be told that it is no master; run again when it is ready, or stop it`,
    )
}

/** Its API server is ready, by its own administrator's word. */
export const servesItself = async ($: RemoteShell, params: Params, page = '/readyz'): Promise<boolean> =>
  (await $`${ownKubectlWords(params)} get --raw ${page}`.nothrow()).exitCode === 0
