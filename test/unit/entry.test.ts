import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import { equal } from 'uvu/assert'

// Node links a playbook's imports before anything can teach Node 20 TypeScript, so the entries say each name once more.
// Nobody writes that list by hand: UPDATE_GOLDEN=1 does.
for (const name of ['engine', 'roles']) {
  test(`${name}/entry.mjs gives a playbook every name of ${name}/index.ts`, async () => {
    const names = Object.keys(await import(`../../${name}/index.ts`)).sort()
    const file = `${name}/entry.mjs`
    const list = /export const \{[^}]*\}/
    const text = readFileSync(file, 'utf8')
    const wanted = text.replace(list, `export const {\n${names.map(each => `  ${each},\n`).join('')}}`)
    if (process.env.UPDATE_GOLDEN) writeFileSync(file, wanted)
    const now = readFileSync(file, 'utf8')
    equal(
      now.match(list),
      wanted.match(list),
      `UPDATE_GOLDEN=1 node --import ./engine/register.mjs test/unit/entry.test.ts`,
    )
  })
}

test.run()
