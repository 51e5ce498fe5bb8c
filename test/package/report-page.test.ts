import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { htmlOf } from '../../engine/report/index.ts'
import { largeRun, sampleRun, writeJournal } from '../sample-journal.ts'

// The page of a run in a browser, as who opens the file sees it.
const dir = mkdtempSync(join(tmpdir(), 'rota-report-'))
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const files = new Map<string, string>()
let browser: Browser
/** What went wrong in a page, and what it asked the network for. */
const said: string[] = []

test.before(async () => {
  for (const [name, events] of [
    ['sample', sampleRun('20261129T220903Z-1')],
    ['large', largeRun('20261129T220903Z-2', 1000)],
  ] as const) {
    const file = join(dir, `${name}.html`)
    writeFileSync(file, await htmlOf(writeJournal(dir, name, events)))
    files.set(name, file)
  }
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    // Its sandbox is not for root.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    timeout: 60_000,
  })
})

test.after(async () => {
  await browser?.close()
  rmSync(dir, { recursive: true })
})

test.before.each(() => void said.splice(0))

async function open(name: 'sample' | 'large', colorScheme: 'light' | 'dark' = 'light', width = 1200): Promise<Page> {
  const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } })
  page.setDefaultTimeout(60_000)
  page.on('console', message => said.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', error => said.push(String(error)))
  page.on('request', request => said.push(request.url()))
  await page.goto(pathToFileURL(files.get(name) ?? '').href)
  await page.locator('#curve canvas').waitFor()
  return page
}

const textOf = async (page: Page, selector: string) => (await page.locator(selector).first().textContent()) ?? ''
const shownCards = (page: Page, sort: string) => page.locator(`.card.${sort}:visible`).count()

test('it opens from its file, draws, says nothing on the console and asks nobody for anything', async () => {
  for (const name of ['sample', 'large'] as const) {
    said.splice(0)
    const page = await open(name)
    assert.is(await page.locator('canvas').count(), 2)
    assert.equal(said, [pathToFileURL(files.get(name) ?? '').href])
    await page.close()
  }
})

test('the picture shows hosts in their colours, what failed above', async () => {
  const page = await open('sample')
  // As a text: what runs in a browser has other types.
  const seen = await page.evaluate<(number | undefined)[]>(`(() => {
    const canvas = document.querySelector('#timeline canvas')
    const context = canvas.getContext('2d')
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
    const first = new Map()
    for (let at = 0; at < data.length; at += 4) {
      const colour = '#' + [...data.slice(at, at + 3)].map(part => part.toString(16).padStart(2, '0')).join('')
      if (!first.has(colour)) first.set(colour, Math.floor(at / 4 / canvas.width))
    }
    const style = getComputedStyle(document.documentElement)
    return ['failed', 'unreachable', 'changed', 'out', 'gate'].map(name => first.get(style.getPropertyValue('--' + name)))
  })()`)
  const [failed = -1, unreachable = -1, changed = -1, out = -1, gate = -1] = seen
  assert.ok(failed > 0 && failed < unreachable && unreachable < changed, String(seen))
  assert.ok(out > changed && gate >= changed, String(seen))
  await page.close()
})

test('it is searched by host and by text, and filtered by what a thing is', async () => {
  const page = await open('sample')
  const all = await page.locator('.card:visible').count()
  await page.fill('#search', 'MASTER-2')
  assert.is(await shownCards(page, 'failed'), 0)
  assert.is(await shownCards(page, 'changed'), 1)
  assert.match(await textOf(page, '#found'), `3 of ${all} shown`)
  await page.fill('#search', 'unable to locate')
  assert.is(await page.locator('.card:visible').count(), 1)
  // What names no host leaves the picture as it is.
  await page.getByText('The picture as a table').click()
  assert.is(await page.locator('#times tbody tr').count(), 9)
  await page.fill('#search', '')
  await page.getByLabel('Changes').uncheck()
  assert.is(await shownCards(page, 'changed'), 0)
  assert.is(await shownCards(page, 'failed'), 2)
  await page.getByLabel('Changes').check()
  assert.is(await page.locator('.card:visible').count(), all)
  assert.is(await textOf(page, '#found'), '')
  await page.close()
})

test('of 1,000 hosts one is found in what they have in common, in the picture and in the table', async () => {
  const page = await open('large')
  assert.match(await textOf(page, '#shown-hosts'), 'The first 200 of 1000 hosts')
  await page.fill('#search', 'worker-777.')
  await page.locator('#shown-hosts:empty').waitFor({ state: 'attached' })
  assert.ok((await shownCards(page, 'changed')) >= 3)
  await page.getByText('The picture as a table').click()
  const rows = page.locator('#times tbody tr')
  await rows.first().waitFor()
  assert.is(await rows.count(), 3)
  assert.match(await textOf(page, '#times tbody tr'), 'worker-777.cluster.example.orgprepare')
  await page.fill('#search', '')
  const names = page.locator('.card.changed:visible details.who').first()
  await names.locator('summary').click()
  await page.locator('details.who[open] .names', { hasText: 'worker-1000.' }).first().waitFor()
  await page.close()
})

test('differences are folded, and open by the keyboard', async () => {
  const page = await open('sample')
  const diff = page.locator('details.diff').first()
  assert.not(await diff.locator('ins').first().isVisible())
  await diff.locator('summary').focus()
  await page.keyboard.press('Enter')
  assert.ok(await diff.locator('ins').first().isVisible())
  assert.match(await textOf(page, 'details.diff'), '+    - --profiling=false')
  await page.close()
})

test('the first Tab leads to what failed', async () => {
  const page = await open('sample')
  await page.keyboard.press('Tab')
  assert.is(await page.evaluate(`document.activeElement.getAttribute('href')`), '#failures')
  const heads = await page.locator('h2').allTextContents()
  assert.is(heads[0], 'What failed')
  await page.close()
})

for (const [scheme, width, background] of [
  ['light', 1200, 'rgb(255, 255, 255)'],
  ['dark', 400, 'rgb(18, 22, 27)'],
] as const)
  test(`it is readable by everybody (axe-core): ${scheme}, ${width} pixels wide`, async () => {
    const page = await open('sample', scheme, width)
    // Folded parts are looked at as well.
    for (const summary of await page.locator('summary').all()) await summary.click()
    // The page's policy lets no script be added to it; what is evaluated from outside is none of it.
    await page.evaluate(axe)
    const violations = await page.evaluate(async () => {
      const { violations } = await (Reflect.get(globalThis, 'axe') as typeof import('axe-core')).run()
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
    })
    assert.equal(violations, [])
    assert.is(await page.evaluate(`getComputedStyle(document.body).backgroundColor`), background)
    await page.screenshot({ path: join(dir, `${scheme}-${width}.png`), fullPage: true })
    await page.close()
  })

test.run()
