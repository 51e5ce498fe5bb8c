import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { execaSync } from 'execa'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

// Every link of a page that stays in the repository leads to a file, and behind its # to a heading there.
const pages = execaSync('git', ['ls-files', '*.md']).stdout.split('\n').filter(existsSync)

/** As GitHub names headings; of two that are alike the second has `-1`. */
function headings(path: string): ReadonlySet<string> {
  const found = new Map<string, number>()
  const text = readFileSync(path, 'utf8').replace(/^(`{3,})[\s\S]*?^\1/gm, '')
  for (const [, heading = ''] of text.matchAll(/^#{1,6} +(.+)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-')
    const seen = found.get(slug)
    found.set(seen === undefined ? slug : `${slug}-${seen + 1}`, 0)
    if (seen !== undefined) found.set(slug, seen + 1)
  }
  return new Set(found.keys())
}

function broken(page: string): readonly string[] {
  const text = readFileSync(page, 'utf8').replace(/^(`{3,})[\s\S]*?^\1/gm, '')
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return []
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? page : normalize(join(dirname(page), path))
    if (!existsSync(target)) return [`${link}: no such file`]
    if (anchor !== undefined && !headings(target).has(anchor)) return [`${link}: no such heading`]
    return []
  })
}

test('there are pages', () => assert.ok(pages.length > 20))
for (const page of pages) test(`links of ${page}`, () => assert.equal(broken(page), []))

test.run()
