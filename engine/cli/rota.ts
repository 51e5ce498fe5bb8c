import { Command, CommanderError } from 'commander'
import { InventoryError } from '../failure/index.ts'
import { guardedOutput } from './output.ts'
import { printProblems } from './problems.ts'
import { UsageError } from './usage.ts'
import { addVersion } from './version.ts'

/** `rota inventory`, `rota profile` and `rota vault`: what is not a playbook. Returns the exit code. */
export async function rota(args: readonly string[]): Promise<number> {
  // stdout holds what was asked for, be it a vault's content.
  const { redactor } = guardedOutput([process.stderr])
  try {
    const [{ inventoryCommand }, { profileCommand }, { vaultCommand }] = await Promise.all([
      import('./inventory-command.ts'),
      import('./profile-command.ts'),
      import('./vault/command.ts'),
    ])
    const command = addVersion(new Command('rota'))
      .description(
        'Looks into inventories and past runs, and works on vaults. A playbook is a command of its own: npx zx playbooks/upgrade.mjs --help',
      )
      .addCommand(inventoryCommand(redactor))
      .addCommand(profileCommand())
      .addCommand(vaultCommand())
    for (const each of everyCommand(command)) each.exitOverride().showHelpAfterError('(--help lists the flags)')
    await command.parseAsync([...args], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof UsageError) return error.exitCode
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1
    if (!(error instanceof InventoryError)) throw error
    printProblems(error.problems, '')
    return 1
  }
}

const everyCommand = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(everyCommand)]
