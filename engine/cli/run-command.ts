import { Command } from 'commander'
import { refused } from '../failure/index.ts'

/** `rota run`: bin.mjs runs a playbook that is there; this is its help, and what is said of one that is not. */
export const runCommand = (): Command =>
  new Command('run')
    .description('run a playbook as `npx zx` does; it may import TypeScript, on Node 20 too')
    .argument('<playbook>', 'file; what stands after it are flags of the playbook (--help lists them)')
    .argument('[flags...]')
    .allowUnknownOption()
    .action((playbook: string) => {
      throw refused([{ message: `there is no playbook ${playbook}` }])
    })
