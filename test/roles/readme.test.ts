import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RoleMaker } from '../../engine/role/role.ts'
import type { ParamsSchema } from '../../engine/values/schema.ts'
import * as all from '../../roles/index.ts'
import { paramsTable } from './support/readme.ts'

// Every role's page has the table of its params as they are; `UPDATE_GOLDEN=1` writes it.
for (const value of Object.values(all)) {
  if (!('role' in value)) continue
  const maker = value as unknown as RoleMaker<ParamsSchema>
  test(`README of ${maker.role.name}`, () => {
    const path = fileURLToPath(new URL(`../../roles/${maker.role.name}/README.md`, import.meta.url))
    const text = readFileSync(path, 'utf8')
    const wanted = text.replace(
      /<!-- params -->[\s\S]*?<!-- \/params -->/,
      () => `<!-- params -->\n${paramsTable(maker)}\n<!-- /params -->`,
    )
    assert.match(text, '<!-- params -->')
    if (plain(text) === plain(wanted) && !process.env.UPDATE_GOLDEN) return
    if (process.env.UPDATE_GOLDEN) writeFileSync(path, wanted)
    else assert.is(plain(text), plain(wanted))
  })
}

// The formatter pads tables.
const plain = (text: string): string => text.replace(/ +/g, ' ').replace(/-{3,}/g, '---')

test.run()
