import { AsyncLocalStorage } from 'node:async_hooks'
import type { Playbook } from '../playbook/index.ts'

/** Runs a playbook's file, as a zx script. */
export type Begin = (file: string) => Promise<void>

/** What bin.mjs knows: how a playbook is run, and the one that is meant where none is named. */
export interface OwnPlaybook {
  readonly begin: Begin
  readonly file: string
  readonly name: string
}

/** Whoever asks for playbooks while their files are run; each then says what it is, instead of what it does. */
export const gathering = new AsyncLocalStorage<Playbook[]>()

/** The playbooks in files: what they are made of, without being run. */
export async function playbooksIn(files: readonly string[], begin: Begin): Promise<readonly Playbook[]> {
  const found: Playbook[] = []
  await gathering.run(found, async () => {
    for (const file of files) await begin(file)
  })
  return found
}
