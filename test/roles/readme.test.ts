import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RoleMaker } from '../../engine/role/role.ts'
import type { ParamsSchema } from '../../engine/values/schema.ts'
import * as all from '../../roles/index.ts'
import { paramsTable } from './support/readme.ts'

const roles = fileURLToPath(new URL('../../roles', import.meta.url))
const pages = readdirSync(roles, { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('README.md'))
  .map(path => `${roles}/${path}`)

// Every role's page has the table of its params as they are; `UPDATE_GOLDEN=1` writes it. Roles of one set-up share a
// page.
for (const value of Object.values(all)) {
  if (!('role' in value)) continue
  const maker = value as unknown as RoleMaker<ParamsSchema>
  const { name } = maker.role
  test(`README of ${name}`, () => {
    const [first, last] = [`<!-- params ${name} -->`, `<!-- /params ${name} -->`]
    const page = pages.find(path => readFileSync(path, 'utf8').includes(first))
    if (page === undefined) throw new Error(`no README under roles/ has the line ${first}`)
    const text = readFileSync(page, 'utf8')
    const [before = '', after = ''] = [text.split(first)[0], text.split(last)[1]]
    const wanted = `${before}${first}\n${paramsTable(maker)}\n${last}${after}`
    if (plain(text) === plain(wanted) && !process.env.UPDATE_GOLDEN) return
    if (process.env.UPDATE_GOLDEN) writeFileSync(page, wanted)
    else assert.is(plain(text), plain(wanted))
  })
}

// The formatter pads tables.
const plain = (text: string): string => text.replace(/ +/g, ' ').replace(/-{3,}/g, '---')

test.run()
