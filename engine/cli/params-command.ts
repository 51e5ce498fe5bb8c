import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { refused } from '../failure/index.ts'

/**
 * `rota params`: bin.mjs has the playbook list them; this is its help, and what is said of one that can't be listed.
 */
export const paramsCommand = (): Command =>
  new Command('params')
    .description(
      'show the params of every role of a playbook on a host: value, type, where it was set, what it overrode',
    )
    .argument('<playbook>', 'file; what stands after it are flags of the playbook too (-i, -e)')
    .argument('[flags...]')
    .option('--host <name>', 'the host')
    .allowUnknownOption()
    .action((playbook: string) => {
      throw refused([
        existsSync(playbook)
          ? { message: 'params are those of one host', hint: 'name it: --host NAME' }
          : { message: `there is no playbook ${playbook}` },
      ])
    })
