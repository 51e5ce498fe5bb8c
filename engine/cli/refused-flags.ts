import { type Command, Option } from 'commander'

/** Flags of ansible-playbook that Rota does not have, and what to use. */
const ofPlaybooks: Readonly<Record<string, string>> = {
  '--force-handlers':
    'handlers are never lost here: those that a failed host has not run are pending on it, and the next run does',
  '--flush-cache': 'there is no cache of facts: every run looks at the hosts',
  '--step':
    'see what would be done with --check --diff, say yes to it with --ask or keep it with --plan-out, and go host by host with --serial 1 --confirm',
  '--start-at-task <name>':
    'just run it again: what is done is found done and not done twice; go on with a run by --resume, or choose with --tags',
  '--syntax-check': 'use --list-tasks: it checks the inventory, all params and all tasks, and touches no host',
  '-M, --module-path <path>': 'there are no modules: tasks and roles are imported by the playbook',
  '--sftp-extra-args <args>': 'sftp is not used: use --ssh-extra-args',
  '--scp-extra-args <args>': 'scp is not used: use --ssh-extra-args',
}

export const addRefusedFlags = (command: Command): Command => addRefused(command, ofPlaybooks)

/** Flags that are known, and are an error which says what to use. */
export function addRefused(command: Command, refused: Readonly<Record<string, string>>): Command {
  for (const [flags, advice] of Object.entries(refused)) {
    const option = new Option(flags).hideHelp()
    command.addOption(option).on(`option:${option.name()}`, () => {
      command.error(`error: rota has no ${option.long}: ${advice}`)
    })
  }
  return command
}
