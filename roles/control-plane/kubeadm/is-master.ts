import type { RemoteShell, StepContext } from 'rota'
import type { Params } from '../daemons.ts'
import { kubectlWords } from '../kubectl.ts'
import { nodeNameOf } from '../node-name.ts'

/** kubespray runs init, join and upgrade up to three times. */
export const attempts = 3

/** Its own API server answers, and the cluster has it as a control-plane node: then nothing of it is ever reset. */
export async function isMaster({ $, host }: Pick<StepContext, '$' | 'host'>, params: Params): Promise<boolean> {
  if (!(await servesItself($, params))) return false
  const labels =
    await $`${kubectlWords(params)} get node ${nodeNameOf(host)} -o ${'jsonpath={.metadata.labels}'}`.nothrow()
  return labels.exitCode === 0 && /node-role\.kubernetes\.io\/(master|control-plane)/.test(labels.stdout)
}

/** Its API server is ready, by its own administrator's word. */
export const servesItself = async ($: RemoteShell, params: Params, page = '/readyz'): Promise<boolean> =>
  (await $`${kubectlWords(params)} get --raw ${page}`.nothrow()).exitCode === 0
