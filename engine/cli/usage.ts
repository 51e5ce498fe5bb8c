import { type Command, CommanderError } from 'commander'

/** The command line was wrong, or only asked for help: what to print has been printed. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly exitCode: number
  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}

export function parseWords(command: Command, args: readonly string[]): void {
  try {
    command.parse([...args], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) throw new UsageError(error.message, error.exitCode === 0 ? 0 : 1)
    throw error
  }
}

/** Collects a flag that may be given several times. */
export const several = (value: string, before: readonly string[]): readonly string[] => [...before, value]
