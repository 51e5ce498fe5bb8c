import { Command } from 'commander'
import { isFailure, refused, saidOf } from '../failure/index.ts'
import type { Begin, OwnPlaybook } from './gather.ts'
import { guardedOutput } from './output.ts'
import { printProblems } from './problems.ts'
import { usageExit } from './usage.ts'
import { addVersion } from './version.ts'

/**
 * `rota init`, `rota inventory`, `rota lint` and the others: what is not a playbook; `more` are commands that roles
 * bring, `own` runs playbooks' files. Returns the exit code.
 */
export async function rota(
  args: readonly string[],
  more: readonly Command[] = [],
  own: OwnPlaybook = { begin: noPlaybooks, file: '', name: '' },
): Promise<number> {
  let exitCode = 0
  // stdout holds what was asked for, be it a vault's content.
  const { redactor } = guardedOutput([process.stderr])
  try {
    const [
      { initCommand },
      { inventoryCommand },
      { lintCommand },
      { paramsCommand },
      { profileCommand },
      { rollbackCommand },
      { runCommand },
      { runsCommand },
      { schemaCommand },
      { vaultCommand },
    ] = await Promise.all([
      import('./init/command.ts'),
      import('./inventory-command.ts'),
      import('./lint-command.ts'),
      import('./params-command.ts'),
      import('./profile-command.ts'),
      import('./rollback-command.ts'),
      import('./run-command.ts'),
      import('./runs-command.ts'),
      import('./schema-command.ts'),
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
      .addCommand(
        lintCommand(own, redactor, code => {
          exitCode = code
        }),
      )
      .addCommand(profileCommand())
      .addCommand(runsCommand())
      .addCommand(schemaCommand(own))
      .addCommand(vaultCommand())
    for (const each of more) command.addCommand(each)
    for (const each of everyCommand(command)) each.exitOverride().showHelpAfterError('(--help lists the flags)')
    await command.parseAsync([...args], { from: 'user' })
    return exitCode
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

const noPlaybooks: Begin = async file => {
  throw refused([{ message: `${file}: no playbook can be looked into from here` }])
}
