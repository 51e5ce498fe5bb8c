import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'

/** Compares text with test/fixtures/roles/NAME; `UPDATE_GOLDEN=1` writes it. */
export function golden(name: string, text: string): void {
  const path = fileURLToPath(new URL(`../../fixtures/roles/${name}`, import.meta.url))
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  assert.fixture(text, readFileSync(path, 'utf8'), name)
}
