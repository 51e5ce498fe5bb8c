import { Command } from 'commander'
import { isFailure, saidOf } from '../failure/index.ts'
import { guardedOutput } from './output.ts'
import { printProblems } from './problems.ts'
import { usageExit } from './usage.ts'
import { addVersion } from './version.ts'

/**
 * `rota init`, `rota inventory`, `rota profile`, `rota rollback`, `rota runs` and `rota vault`: what is not a playbook;
 * `more` are commands that roles bring. Returns the exit code.
 */
export async function rota(args: readonly string[], more: readonly Command[] = []): Promise<number> {
  // stdout holds what was asked for, be it a vault's content.
  const { redactor } = guardedOutput([process.stderr])
  try {
    const [
      { initCommand },
      { inventoryCommand },
      { paramsCommand },
      { profileCommand },
      { rollbackCommand },
      { runCommand },
      { runsCommand },
      { vaultCommand },
    ] = await Promise.all([
      import('./init/command.ts'),
      import('./inventory-command.ts'),
      import('./params-command.ts'),
      import('./profile-command.ts'),
      import('./rollback-command.ts'),
      import('./run-command.ts'),
      import('./runs-command.ts'),
      import('./vault/command.ts'),
    ])
    const command = addVersion(new Command('rota'))
      .description(
        'Begins a repository, runs playbooks, looks into inventories and past runs, and works on vaults. A playbook has flags of its own: rota run playbooks/site.mjs --help',
      )
      .addCommand(initCommand())
      .addCommand(runCommand())
      .addCommand(rollbackCommand())
      .addCommand(paramsCommand())
      .addCommand(inventoryCommand(redactor))
      .addCommand(profileCommand())
      .addCommand(runsCommand())
      .addCommand(vaultCommand())
    for (const each of more) command.addCommand(each)
    for (const each of everyCommand(command)) each.exitOverride().showHelpAfterError('(--help lists the flags)')
    await command.parseAsync([...args], { from: 'user' })
    return 0
  } catch (error) {
    const usage = usageExit(error)
    if (usage !== undefined) return usage
    if (isFailure(error, 'failed')) {
      printProblems([saidOf(error)], '')
      return 2
    }
    if (!isFailure(error, 'refused')) throw error
    printProblems(error.reason.problems, '')
    return 1
  }
}

/** See its module: bin.mjs runs what it gives. */
export const playbookToTakeBack = async (args: readonly string[]): Promise<readonly string[] | undefined> =>
  (await import('./rollback-command.ts')).playbookToTakeBack(args)

const everyCommand = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(everyCommand)]
