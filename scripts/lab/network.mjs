// @ts-check
import { $, retry } from 'zx'
import { freeSubnet } from './plan.mjs'
import { LabError, say } from './say.mjs'

/** @param {string} lab */
export const networkName = lab => `rota-${lab}`

/** @param {string[]} networks */
const subnetsOf = async networks =>
  (
    await $({
      quiet: true,
      nothrow: true,
    })`docker network inspect -f '{{range .IPAM.Config}}{{.Subnet}} {{end}}' ${networks}`
  ).stdout
    .split(/\s+/)
    .filter(subnet => /^[\d.]+\/\d+$/.test(subnet))

/**
 * The lab's own bridge, in a subnet that collides with nothing; returns the subnet.
 * @param {string} lab
 */
export async function ensureNetwork(lab) {
  const [existing] = await subnetsOf([networkName(lab)])
  if (existing) return existing
  const ids = (await $({ quiet: true })`docker network ls -q`).stdout.split('\n').filter(Boolean)
  const routes = (await $({ quiet: true })`ip -4 route`).stdout.split('\n').map(line => line.split(' ')[0] ?? '')
  const taken = [...(await subnetsOf(ids)), ...routes.filter(route => /^\d/.test(route))]
  // Another lab may be taking the same subnet at this moment: Docker refuses the later one, which goes on to the next.
  for (let attempt = 0; attempt < 5; attempt++) {
    const subnet = freeSubnet(taken)
    const name = networkName(lab)
    const run = await $({
      nothrow: true,
      quiet: true,
    })`docker network create --label rota.lab=${lab} --subnet ${subnet} ${name}`
    if (run.ok) {
      say(`network ${name}: ${subnet}`)
      return subnet
    }
    if (!/overlap/i.test(run.stderr)) throw new LabError(`docker network create failed: ${run.stderr.trim()}`)
    taken.push(subnet)
  }
  throw new LabError('found no free subnet for the lab')
}

/**
 * Docker lets go of the endpoints of containers that were just removed a little later than it says so; where it never
 * does, the network stays, and the next lab of that name has it.
 * @param {string} lab
 */
export async function removeNetwork(lab) {
  const ids = (await $({ quiet: true })`docker network ls -q --filter label=rota.lab=${lab}`).stdout
    .split('\n')
    .filter(Boolean)
  for (const id of ids)
    await retry(20, '500ms', () => $({ quiet: true })`docker network rm ${id}`).catch(error =>
      say(`network ${networkName(lab)} stays: ${error.stderr.trim()}`),
    )
}
