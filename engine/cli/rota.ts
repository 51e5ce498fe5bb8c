import { Command } from 'commander'
import { isFailure } from '../failure/index.ts'
import { guardedOutput } from './output.ts'
import { printProblems } from './problems.ts'
import { usageExit } from './usage.ts'
import { addVersion } from './version.ts'

/** `rota init`, `rota inventory`, `rota profile` and `rota vault`: what is not a playbook. Returns the exit code. */
export async function rota(args: readonly string[]): Promise<number> {
  // stdout holds what was asked for, be it a vault's content.
  const { redactor } = guardedOutput([process.stderr])
  try {
    const [
      { initCommand },
      { inventoryCommand },
      { paramsCommand },
      { profileCommand },
      { runCommand },
      { vaultCommand },
    ] = await Promise.all([
      import('./init/command.ts'),
      import('./inventory-command.ts'),
      import('./params-command.ts'),
      import('./profile-command.ts'),
      import('./run-command.ts'),
      import('./vault/command.ts'),
    ])
    const command = addVersion(new Command('rota'))
      .description(
        'Begins a repository, runs playbooks, looks into inventories and past runs, and works on vaults. A playbook has flags of its own: rota run playbooks/site.mjs --help',
      )
      .addCommand(initCommand())
      .addCommand(runCommand())
      .addCommand(paramsCommand())
      .addCommand(inventoryCommand(redactor))
      .addCommand(profileCommand())
      .addCommand(vaultCommand())
    for (const each of everyCommand(command)) each.exitOverride().showHelpAfterError('(--help lists the flags)')
    await command.parseAsync([...args], { from: 'user' })
    return 0
  } catch (error) {
    const usage = usageExit(error)
    if (usage !== undefined) return usage
    if (!isFailure(error, 'refused')) throw error
    printProblems(error.reason.problems, '')
    return 1
  }
}

const everyCommand = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(everyCommand)]
