import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isFailure } from '../../../engine/failure/index.ts'
import { loadInventory } from '../../../engine/inventory/index.ts'
import type { Host } from '../../../engine/inventory/types.ts'
import { inventoryView } from '../../../engine/plan/index.ts'
import { template } from '../../../engine/tasks/index.ts'
import { renderFile } from '../../../engine/values/index.ts'

const dir = mkdtempSync(join(tmpdir(), 'rota-render-'))
test.after(() => rmSync(dir, { recursive: true }))
const write = (text: string, name = 'a.conf.j2') => {
  writeFileSync(join(dir, name), text)
  return join(dir, name)
}

async function hostOf(vars: Readonly<Record<string, unknown>> = {}) {
  const inventory = await loadInventory({ sources: ['h,'], extraVars: [JSON.stringify(vars)] })
  return inventoryView(inventory).host('h')
}

test('a file sees the variables of its host, and values before them', async () => {
  const host = await hostOf({ port: 1, name: 'n{{ port }}' })
  const file = write('{{ inventory_hostname }} {{ port }} {{ name }} {{ more.x }}\n')
  assert.equal(host.render(file, { port: 2, more: { x: true } }), { text: 'h 2 n1 True\n', secret: false })
  assert.is(host.render(write('{{ ansible_managed }}')).text, 'Ansible managed')
})

test('what is wrong is told with its place in the file', async () => {
  const host = await hostOf({ port: '{{ nothing }}' })
  const problemOf = (text: string) => {
    try {
      host.render(write(text))
    } catch (error) {
      if (isFailure(error, 'refused')) return error.reason.problems[0]
    }
    return undefined
  }
  const missing = problemOf('a\nb\n  {{ gone }}\n')
  assert.is(missing?.message, "template: 'gone' is undefined")
  assert.equal(missing?.origin, { file: join(dir, 'a.conf.j2'), line: 3, column: 6 })
  assert.is(problemOf('{# x #}\n{{ gone }}')?.origin?.line, 2)
  assert.match(problemOf("{% include 'b' %}")?.message ?? '', 'include')
  assert.match(problemOf('#jinja2: trim_blocks: False\n')?.message ?? '', 'options of Jinja on the first line')
  assert.match(problemOf('{% if %}')?.message ?? '', 'template: ')
  // The variable's own template is what is wrong.
  assert.match(problemOf('{{ port }}')?.message ?? '', "'nothing' is undefined")
  assert.throws(() => host.render(join(dir, 'none.j2')), 'there is no template')
})

test('what reads a secret says so, also where it does not stand in the text', async () => {
  const inventory = await loadInventory({ sources: ['h,'], extraVars: [JSON.stringify({ password: 'x', port: 1 })] })
  const host = inventory.hosts.get('h')
  const password = host?.vars.get('password')
  assert.ok(host && password)
  const vars: Host['vars'] = new Map([...host.vars, ['password', { ...password, secret: true }]])
  const isSecret = (text: string) => renderFile(inventory, { ...host, vars }, write(text)).secret
  assert.equal(['{{ port }}', '{{ password }}', "{% if password == 'x' %}yes{% endif %}"].map(isSecret), [
    false,
    true,
    true,
  ])
})

test('a file whose template reads a secret is one, whatever becomes of it; one that does not is none', async () => {
  const task = (secret: boolean, more: object = {}) =>
    template({
      path: '/etc/a',
      source: 'a.j2',
      host: { render: () => ({ text: 'x\n', secret }) },
      values: { a: 1 },
      notify: 'reload',
      ...more,
    })
  const secret = task(true)
  assert.equal([secret.title, secret.secret, secret.notify], ['template /etc/a', true, ['reload']])
  assert.equal([secret.kind.name, secret.args], ['file', { secret: true, path: '/etc/a', content: 'x\n' }])
  assert.is(task(false).secret, false)
  assert.is(task(true, { secret: false }).secret, false)
  assert.is(task(true, { secret: undefined }).secret, true)
  assert.match(secret.kind.check?.({ ...(secret.args as object), mode: '0644' })[0] ?? '', 'opens a secret')
})

test.run()
