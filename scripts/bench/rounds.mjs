// @ts-check
/** @import { Figures, Setup, Tool } from './types.ts' */
/** @import { ControlGroup } from './cgroup.mjs' */
/** @import { Mode } from './modes.mjs' */
import { measured } from './measure.mjs'
import { applies, usual } from './modes.mjs'
import { reset } from './reset.mjs'
import { floor } from './tools/ssh.mjs'

/**
 * Measures tools in turn, so that what else goes on on the machine hits all of them.
 * @param {object} what
 * @param {Setup} what.setup
 * @param {readonly { container: string }[]} what.hosts
 * @param {readonly Tool[]} what.tools
 * @param {Mode} what.mode
 * @param {number} what.runs
 * @param {ControlGroup | undefined} what.group
 * @param {(text: string) => void} what.say
 * @returns {Promise<ReadonlyMap<Tool, readonly Figures[]>>}
 */
export async function rounds({ setup, hosts, tools, mode, runs, group, say }) {
  /** @type {Map<Tool, Figures[]>} */
  const found = new Map()
  const able = tools.filter(tool => applies(tool, mode))
  const quietly = async (/** @type {import('./types.ts').Command} */ command) => {
    await measured(command, group)
  }
  if (!mode.fresh) await quietly(await floor.run(setup, usual))
  for (let round = 0; round < runs; round += 1) {
    for (const tool of able) {
      await group?.empty()
      if (mode.fresh && !tool.connectsOnly) await reset(hosts)
      if (mode.warm && tool.warm) await quietly(await tool.warm(setup))
      const figures = await measured(await tool.run(setup, mode.upstreams), group)
      found.set(tool, [...(found.get(tool) ?? []), figures])
      say(`${setup.targets.length} hosts, ${mode.name}, ${tool.name}: ${figures.wall.toFixed(2)} s`)
      if (mode.upstreams !== usual) {
        await group?.empty()
        await quietly(await floor.run(setup, usual))
      }
    }
  }
  await group?.empty()
  return found
}
