import { test } from 'uvu'
import { equal } from 'uvu/assert'

for (const name of ['engine', 'roles']) {
  test(`${name}/entry.mjs gives a playbook every name of ${name}/index.ts`, async () => {
    const [entry, index] = await Promise.all([import(`../../${name}/entry.mjs`), import(`../../${name}/index.ts`)])
    equal(Object.keys(entry).sort(), Object.keys(index).sort())
  })
}

test.run()
