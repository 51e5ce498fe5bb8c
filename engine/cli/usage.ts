import { CommanderError } from 'commander'

/**
 * The command line was wrong, or only asked for help: what to print has been printed. The exit code, of nothing else.
 */
export const usageExit = (error: unknown): number | undefined =>
  error instanceof CommanderError ? Math.min(error.exitCode, 1) : undefined

/** Collects a flag that may be given several times. */
export const several = (value: string, before: readonly string[]): readonly string[] => [...before, value]
