// @ts-check
import { chalk } from 'zx'
import {
  addMaster,
  addToGroup,
  kubeVersions,
  labDown,
  labUp,
  removeFromGroup,
  removeMaster,
  setVariable,
} from '../lab/index.mjs'
import { say } from '../lab/say.mjs'
import { asAdministrator, labPaths, renderTable, startProbe, verdict } from '../probe/index.mjs'
import { everyProxyLists, unchangedRun } from './proof.mjs'
import { chapter, conclude, on } from './tell.mjs'

/**
 * A cluster of three masters that Rota makes: it is upgraded while clients ask, gets a fourth master, loses the first,
 * and no client was refused.
 * @param {string} name of the lab
 */
export async function masters(name) {
  const inventory = `inventory/${name}/hosts.ini`
  const { run, edit } = on(inventory)
  const [from = '', to = ''] = kubeVersions()
  chapter(`a lab of ten hosts: three masters and a spare one, five nodes and a spare one`)
  await labDown({ name })
  const lab = await labUp({ name, masters: 3, nodes: 5, spareMasters: 1, spareNodes: 1 })

  chapter(`a cluster of ${from}`)
  await run('cluster')

  const probe = await startProbe({
    paths: labPaths(lab),
    rate: 10,
    ...(await asAdministrator(lab)),
  })
  say(
    'clients ask from now on, on each path: for an object and for /version 20 times a second each, half of it on new connections',
  )
  let rows
  try {
    chapter(`upgrade of all masters to ${to}, 20% at a time`)
    await edit(text => setVariable(text, 'kube_version', to))
    await run('upgrade', '--serial', '20%')

    chapter('master-4 joins')
    await edit(text => addToGroup(addMaster(text, 'master-4'), 'master-4', 'etcd'))
    await run('upgrade', '--serial', '20%')

    chapter('master-1, the first one, leaves')
    await run('remove-master', '-e', 'node=master-1')
    await edit(text => removeFromGroup(removeMaster(text, 'master-1'), 'master-1', 'etcd'))

    chapter('the same upgrade once more: nothing is left to do')
    await unchangedRun(inventory)
  } finally {
    rows = await probe.stop()
    chapter('what the clients saw')
    console.log(renderTable(rows))
  }
  const { failures, requests, silent } = verdict(rows)
  const listed = await everyProxyLists(lab, ['master-2', 'master-3', 'master-4'])
  console.log()
  for (const { proxy, servers, right } of listed)
    console.log(`${right ? chalk.green('ok  ') : chalk.red('FAIL')} ${proxy} lists ${servers.join(', ')}`)
  conclude(
    failures === 0 && silent.length === 0 && listed.every(({ right }) => right),
    `${requests} requests, ${failures} failed on new connections${silent.length > 0 ? `; never answered: ${silent.join(', ')}` : ''}`,
  )
}
