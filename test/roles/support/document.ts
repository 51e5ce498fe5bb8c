import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A configuration as a source document has it, word for word. */
export const documentText = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../fixtures/documents/${name}`, import.meta.url)), 'utf8')
