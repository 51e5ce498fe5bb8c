import { setTimeout as sleep } from 'node:timers/promises'
import type { Kubectl } from '../cluster/kubectl.ts'
import { parseNode } from './cordon.ts'

/**
 * A node that has been worked on is Ready, within so many seconds, and its kubelet renews its lease: the condition
 * alone would stay true for forty seconds after the kubelet has died. Throws where it is not so: the hook is owed
 * then, and the next run looks again.
 */
export async function comesBack(kubectl: Kubectl, name: string, seconds: number): Promise<void> {
  const { $, words } = kubectl
  const end = Date.now() + seconds * 1000
  const before = await renewed(kubectl, name)
  for (;;) {
    // An API server may be restarting: what it does not say now is asked again.
    const { exitCode, stdout, stderr } = await $`${words} get node ${name} -o json`.nothrow()
    const node = exitCode === 0 ? parseNode(stdout) : undefined
    // One that never had a lease has no kubelet that could renew it.
    const isReady = node?.ready === true
    if (isReady && (before === '' || (await renewed(kubectl, name)) !== before)) return
    if (Date.now() >= end) {
      const why = isReady ? 'its kubelet does not renew its lease' : shown(node?.says ?? stderr)
      throw new Error(
        `${name} was Ready before its changes and is not so ${seconds} s after them (${why}): it stays cordoned. See to its kubelet (journalctl -u kubelet there) and run again, which takes it back; upgrade_node_ready_timeout is the time that it may take`,
      )
    }
    await sleep(1000)
  }
}

const renewed = ({ $, words }: Kubectl, name: string): Promise<string> =>
  $`${words} -n kube-node-lease get lease ${name} --ignore-not-found -o ${'jsonpath={.spec.renewTime}'}`
    .nothrow()
    .text()

const shown = (said: string): string => said.trim().slice(0, 200) || 'nobody says why'
