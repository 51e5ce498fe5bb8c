// @ts-check
import { kubeVersions, labDown, labUp } from '../lab/index.mjs'
import { say } from '../lab/say.mjs'
import { bound, nightLab, raiseVersion, replicas, startClients, startWorkload } from '../night/index.mjs'
import { unchangedRun } from './proof.mjs'
import { chapter, conclude, on } from './tell.mjs'

/**
 * A cluster as kubespray leaves one, on Docker and on containerd: one command takes its masters and workers to the next
 * version, while clients ask its API and a workload on it.
 * @param {string} name of the lab
 */
export async function night(name) {
  const inventory = `inventory/${name}/hosts.ini`
  const { run } = on(inventory)
  const [from = '', to = ''] = kubeVersions()
  const others = Object.keys(nightLab.runtimes ?? {})
  chapter(`a cluster of ${from} in kubespray's layout: three masters, four workers, ${others.join(', ')} on containerd`)
  await labDown({ name })
  const lab = await labUp({ name, ...nightLab })
  await startWorkload(lab)
  say(`a workload: ${replicas} web servers, of which a disruption budget keeps ${bound}`)

  const clients = await startClients(lab)
  say('clients ask from now on, ten times a second each kind on each path, half of it on new connections')
  let seen
  try {
    chapter(`one command takes everything to ${to}`)
    await raiseVersion(lab)
    await run('upgrade')

    chapter('the same command once more: nothing is left to do')
    await unchangedRun(inventory)
  } finally {
    seen = await clients.stop()
    chapter('what the clients saw')
    console.log(seen.table)
  }
  const { api, web, fewest, mostOut } = seen
  console.log(`\nat the worst ${fewest} of ${replicas} pods were available, and ${mostOut} nodes were not Ready`)
  const silent = [...api.silent, ...web.silent]
  conclude(
    api.failures === 0 && web.failures === 0 && silent.length === 0 && fewest >= bound,
    `${api.requests} requests to the API, ${api.failures} failed on new connections; ${web.requests} to the workload, ${web.failures} failed${silent.length > 0 ? `; never answered: ${silent.join(', ')}` : ''}`,
  )
}
