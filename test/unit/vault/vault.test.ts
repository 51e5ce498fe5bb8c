import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { listHost, loadInventory } from '../../../engine/inventory/index.ts'
import { explainVar } from '../../../engine/values/explain.ts'
import { resolveVar } from '../../../engine/values/resolve.ts'
import { readVaultSecrets } from '../../../engine/vault/secrets.ts'
import { load, problemsOf } from '../inventory/support.ts'

const corpus = new URL('../../compat/corpus/vault/', import.meta.url)
const cwd = corpus.pathname
const open = async () =>
  loadInventory({
    sources: ['hosts.yml'],
    cwd,
    vaultSecrets: await readVaultSecrets({ passwordFiles: ['password'], cwd }),
  })
const hostA = async () => {
  const inventory = await open()
  const host = inventory.hosts.get('a')
  assert.ok(host)
  return { inventory, host }
}

test('vaulted files and !vault values open with the password, and are secret', async () => {
  const { host } = await hostA()
  const read = ['db_password', 'token', 'other', 'plain'].map(name => [
    host.vars.get(name)?.value,
    host.vars.get(name)?.secret,
  ])
  assert.equal(read, [
    ['s3cret', true],
    ['hidden text', true],
    ['other', true],
    [1, false],
  ])
})

test('without a password the inventory loads; only reading what is vaulted fails, with its place', async () => {
  const inventory = await loadInventory({ sources: ['hosts.yml'], cwd })
  const problems = await problemsOf(() => inventory.hosts.get('a')?.vars)
  assert.equal(problems, [
    'group_vars/all/secret.yml:1:1: this is vaulted and there is no vault password (give --vault-password-file or --vault-id)',
  ])
})

test('a wrong password and a damaged vault are errors that show no secret', async () => {
  const wrong = await loadInventory({ sources: ['hosts.yml'], cwd, vaultSecrets: [{ id: 'x', password: 'guess' }] })
  const [first = ''] = await problemsOf(() => wrong.hosts.get('b')?.vars)
  assert.match(first, /no vault password fits \(tried: x\)$/)
  assert.not.match(first, /guess/)
  const damaged = readFileSync(new URL('group_vars/all/secret.yml', corpus), 'utf8').slice(0, 200)
  const inventory = await load(
    { 'hosts.ini': 'h\n', 'group_vars/all.yml': damaged },
    { vaultSecrets: [{ id: 'x', password: 'sesame' }] },
  )
  assert.match(
    (await problemsOf(() => inventory.hosts.get('h')?.vars))[0] ?? '',
    /^group_vars\/all\.yml:1:1: the vault is damaged/,
  )
})

test('a listing and an explanation do not show what was vaulted', async () => {
  const { inventory, host } = await hostA()
  const shown = ['db_password', 'token'].map(name => explainVar(inventory, host, name)).join('\n') + listHost(host)
  assert.not.match(shown, /s3cret|hidden text/)
})

test('a value made from a secret is a secret', async () => {
  const secret = readFileSync(new URL('host_vars/a.yml', corpus), 'utf8').split('other:')[0] ?? ''
  const files = { 'hosts.ini': 'h\n', 'host_vars/h.yml': `${secret}url: "https://{{ token }}@x"\n` }
  const inventory = await load(files, { vaultSecrets: [{ id: 'default', password: 'sesame' }] })
  const host = inventory.hosts.get('h')
  assert.ok(host)
  const url = resolveVar(inventory, host, 'url')
  assert.equal([url?.value, url?.secret], ['https://hidden text@x', true])
})

test.run()
