import type { Work } from './work.ts'
/** `work` counts what it costs. */
export type Filter = (
  input: unknown,
  args: readonly unknown[],
  named: Readonly<Record<string, unknown>>,
  work: Work,
) => unknown
