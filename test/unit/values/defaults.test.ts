import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as fc from 'fast-check'
import { test } from 'uvu'
import { equal, is, match } from 'uvu/assert'
import type { Problem } from '../../../engine/failure/index.ts'
import { type DefaultsRule, type Inventory, loadInventory } from '../../../engine/inventory/index.ts'
import { explainParams, readVar, resolveDefault, resolveVar, withDefaults } from '../../../engine/values/index.ts'
import { problemsOf } from '../inventory/support.ts'

const rule: DefaultsRule = {
  what: 'folder of theirs',
  flag: 'theirs',
  description: 'folder of theirs',
  variable: 'theirs_dir',
  environment: 'THEIRS',
  beside: 'theirs',
  look: ({ read, list }) => {
    const version = read('VERSION')?.trim()
    if (version === undefined) return undefined
    const files = list('roles/it').map(name => `roles/it/${name}`)
    return {
      label: `theirs ${version}`,
      version,
      files,
      forTemplates: ['hidden'],
      ...(version === '9' ? { wrong: 'only 1 to 8 are known' } : {}),
    }
  },
  version: {
    variable: 'theirs_release',
    look: version => ({
      label: `theirs ${version} in short`,
      version,
      files: version === '9' ? [] : [join(process.cwd(), 'test/fixtures/defaults/short.yml')],
      ...(version === '9' ? { wrong: 'only 1 to 8 are known' } : {}),
    }),
  },
}
const files: Readonly<Record<string, string>> = {
  'inv/prod/hosts.ini': '[web]\na\nb\n',
  'theirs/VERSION': '3\n',
  'theirs/roles/it/a.yml': 'registry: quay.test\nimage: "{{ registry }}/it:{{ tag }}"\ntag: "1"\n',
  'theirs/roles/it/b.yml': '---\n# The later file wins.\ntag: "2"\n',
}
const all = 'inv/prod/group_vars/all.yml'

interface Asked {
  readonly flag?: string
  readonly environment?: string
  readonly extraVars?: readonly string[]
}

/** Writes the files, and hands over the inventory with its defaults; the folder is gone afterwards. */
async function inside<T>(
  extra: Readonly<Record<string, string | undefined>>,
  use: (result: ReturnType<typeof withDefaults>, cwd: string) => T | Promise<T>,
  { extraVars = [], ...asked }: Asked = {},
  more: Partial<Inventory> = {},
): Promise<T> {
  const cwd = mkdtempSync(join(tmpdir(), 'rota-defaults-'))
  try {
    for (const [name, text] of Object.entries({ ...files, ...extra })) {
      if (text === undefined) continue
      mkdirSync(dirname(join(cwd, name)), { recursive: true })
      writeFileSync(join(cwd, name), text)
    }
    const inventory = await loadInventory({ sources: ['inv/prod/hosts.ini'], cwd, extraVars })
    return await use(withDefaults({ ...inventory, ...more }, rule, { ...asked, cwd }), cwd)
  } finally {
    rmSync(cwd, { recursive: true })
  }
}

function hostOf(inventory: Inventory, name = 'a') {
  const host = inventory.hosts.get(name)
  if (host === undefined) throw new Error(`no host ${name}`)
  return host
}

const withoutDefaults = ({ defaults: _, ...inventory }: Inventory): Inventory => inventory

const read = (inventory: Inventory, name: string): unknown => readVar(inventory, hostOf(inventory), name)

test('a default counts where nobody sets it, and its template takes what the inventory sets', async () => {
  const image = (more: Readonly<Record<string, string>>) => inside(more, ({ inventory }) => read(inventory, 'image'))
  equal(await image({}), 'quay.test/it:2')
  equal(await image({ [all]: 'registry: own.test\n' }), 'own.test/it:2')
  equal(await image({ [all]: 'image: "mine:{{ tag }}"\n' }), 'mine:2')
})

test('it is weaker than every place of an inventory, whichever', async () => {
  const places: Readonly<Record<string, (value: string) => Asked & { readonly file?: readonly [string, string] }>> = {
    section: value => ({ file: ['inv/prod/hosts.ini', `[web]\na\nb\n[all:vars]\ntag=${value}\n`] }),
    host: value => ({ file: ['inv/prod/hosts.ini', `[web]\na tag=${value}\nb\n`] }),
    all: value => ({ file: [all, `tag: ${value}\n`] }),
    group: value => ({ file: ['inv/prod/group_vars/web.yml', `tag: ${value}\n`] }),
    hostVars: value => ({ file: ['inv/prod/host_vars/a.yml', `tag: ${value}\n`] }),
    extra: value => ({ extraVars: [`tag=${value}`] }),
  }
  const place = fc.constantFrom(...Object.keys(places))
  await fc.assert(
    fc.asyncProperty(place, fc.stringMatching(/^[a-z]{1,8}$/), async (name, value) => {
      const { file, ...asked } = places[name]?.(value) ?? {}
      const [path, text] = file ?? ['unused', '']
      const found = await inside({ [path]: text }, ({ inventory }) => read(inventory, 'image'), asked)
      equal(found, `quay.test/it:${value}`)
    }),
    { numRuns: 30 },
  )
})

test('each folder that is named beats the weaker ones: flag, variable, environment, beside the inventory', async () => {
  const labelled = (n: number) => ({ [`n${n}/VERSION`]: String(n), [`n${n}/roles/it/a.yml`]: `from: ${n}\n` })
  const four = { ...labelled(1), ...labelled(2), ...labelled(4) }
  const labels = async (asked: readonly [flag: boolean, variable: boolean, environment: boolean]) => {
    const [flag, variable, environment] = asked
    const cwd = mkdtempSync(join(tmpdir(), 'rota-named-'))
    for (const [name, text] of Object.entries(four)) {
      mkdirSync(dirname(join(cwd, name)), { recursive: true })
      writeFileSync(join(cwd, name), text)
    }
    try {
      return await inside(
        variable ? { [all]: `theirs_dir: ${cwd}/n2\n` } : {},
        ({ inventory }) => inventory.defaults?.label,
        { ...(flag && { flag: `${cwd}/n1` }), ...(environment && { environment: `${cwd}/n4` }) },
      )
    } finally {
      rmSync(cwd, { recursive: true })
    }
  }
  equal(await labels([true, true, true]), 'theirs 1')
  equal(await labels([false, true, true]), 'theirs 2')
  equal(await labels([false, false, true]), 'theirs 4')
  equal(await labels([false, false, false]), 'theirs 3')
})

test('an inventory that lies in the folder finds it, the note says what counts, and a path is relative to the inventory', async () => {
  const moved = { 'theirs/VERSION': undefined, VERSION: '5\n', 'roles/it/a.yml': 'tag: "5"\n' }
  const { notes } = await inside(moved, result => result)
  equal(notes.length, 1)
  match(
    notes[0] ?? '',
    /^defaults of theirs 5 count where the inventory says nothing: \/.* \(found beside the inventory\)$/,
  )
  await inside(
    { ...moved, [all]: 'theirs_dir: ../../theirs\n', 'theirs/VERSION': '6' },
    ({ inventory, notes: [note] }) => {
      equal(inventory.defaults?.label, 'theirs 6')
      match(note ?? '', /theirs \(theirs_dir, inv\/prod\/group_vars\/all.yml:1:13\)$/)
    },
  )
})

test('beyond the repository of the inventory no folder beside it is taken', async () => {
  is(await inside({ 'inv/.git/HEAD': '' }, ({ inventory }) => inventory.defaults), undefined)
  equal(await inside({ '.git/HEAD': '' }, ({ inventory }) => inventory.defaults?.label), 'theirs 3')
})

test('where anybody may write, what is found beside is not taken; what is named is', async () => {
  await inside({}, ({ inventory }, cwd) => {
    const label = (flag?: string) =>
      withDefaults(withoutDefaults(inventory), rule, { cwd, flag }).inventory.defaults?.label
    equal(label(), 'theirs 3')
    for (const folder of [cwd, join(cwd, 'theirs')]) {
      chmodSync(folder, 0o777)
      is(label(), undefined)
      equal(label('theirs'), 'theirs 3')
      chmodSync(folder, 0o755)
    }
  })
})

test('what is named and is none is refused, one that is only found and is not known is told and does not count', async () => {
  const refusal = (asked: Asked, more: Readonly<Record<string, string>> = {}) =>
    problemsOf(() => inside(more, () => undefined, asked))
  equal(await refusal({ flag: 'nowhere' }), ['--theirs names nowhere: there is no such folder'])
  equal(await refusal({ environment: 'inv' }), ['THEIRS names inv: it is no folder of theirs'])
  equal(await refusal({ extraVars: ['theirs_dir=inv/prod/hosts.ini'] }), [
    '--extra-vars:1:12: theirs_dir, --extra-vars:1:12 names inv/prod/hosts.ini: it is a file',
  ])
  equal(await refusal({}, { [all]: 'theirs_dir: [a]\n' }), [
    'inv/prod/group_vars/all.yml:1:13: theirs_dir is no text that names a folder',
  ])
  equal(
    await refusal({}, { 'inv/prod/host_vars/a.yml': 'theirs_dir: x\n', 'inv/prod/host_vars/b.yml': 'theirs_dir: y\n' }),
    [
      'inv/prod/host_vars/a.yml:1:13: theirs_dir differs between hosts (there is one for all: set it for `all`)',
      'inv/prod/host_vars/b.yml:1:13: theirs_dir differs between hosts (there is one for all: set it for `all`)',
    ],
  )
  equal(await refusal({ flag: 'theirs' }, { 'theirs/VERSION': '9' }), [
    'theirs (--theirs) is theirs 9: only 1 to 8 are known',
  ])
  await inside({ 'theirs/VERSION': '9' }, ({ inventory, warnings }) => {
    is(inventory.defaults, undefined)
    match(warnings[0] ?? '', /\(found beside the inventory\) is theirs 9, which does not count: only 1 to 8 are known$/)
  })
})

test('without a folder a version that the inventory names counts, and with one it must be the same', async () => {
  const none = { 'theirs/VERSION': undefined }
  await inside({ ...none, [all]: 'theirs_release: "3"\n' }, ({ inventory, notes }) => {
    equal(read(inventory, 'image'), 'short/a')
    equal(notes, [
      'defaults of theirs 3 in short count where the inventory says nothing: theirs_release, inv/prod/group_vars/all.yml:1:17',
    ])
  })
  is(await inside(none, ({ inventory }) => inventory.defaults), undefined)
  equal(await inside({ [all]: 'theirs_release: "3"\n' }, ({ inventory }) => read(inventory, 'image')), 'quay.test/it:2')
  equal(
    await inside(
      { 'theirs/VERSION': '3.1', [all]: 'theirs_release: "3"\n' },
      ({ inventory }) => inventory.defaults?.label,
    ),
    'theirs 3.1',
  )
  const refusal = async (more: Readonly<Record<string, string | undefined>>, asked: Asked = {}) =>
    (await problemsOf(() => inside(more, () => undefined, asked))).map(line => line.replace(/\/tmp\S*\//, ''))
  equal(await refusal({ [all]: 'theirs_release: "3.1"\n' }, { flag: 'theirs' }), [
    'inv/prod/group_vars/all.yml:1:17: theirs (--theirs) is theirs 3, and theirs_release says 3.1 (one of them is wrong)',
  ])
  equal(await refusal({ ...none, [all]: 'theirs_release: "9"\n' }), [
    'inv/prod/group_vars/all.yml:1:17: theirs_release, inv/prod/group_vars/all.yml:1:17 is theirs 9 in short: only 1 to 8 are known',
  ])
  equal(await refusal({ ...none, [all]: 'theirs_release: 3.10\n' }), [
    'inv/prod/group_vars/all.yml:1:17: theirs_release is no text: write it in quotes, "2.30" is not 2.3',
  ])
  await inside({ 'theirs/VERSION': '9', [all]: 'theirs_release: "3"\n' }, ({ inventory, warnings }) => {
    equal(read(inventory, 'image'), 'short/a')
    equal(warnings.length, 1)
  })
})

test('what means something else here is for templates alone', async () => {
  const more = {
    'theirs/roles/it/c.yml': 'hidden: /there\nfile: "{{ hidden }}/it"\n',
    [all]: 'own: "{{ hidden }}/own"\n',
  }
  await inside(more, ({ inventory }) => {
    is(read(inventory, 'hidden'), undefined)
    equal([read(inventory, 'file'), read(inventory, 'own')], ['/there/it', '/there/own'])
  })
  equal(await inside({ ...more, [all]: 'hidden: /here\n' }, ({ inventory }) => read(inventory, 'hidden')), '/here')
})

test('a broken file or template harms nobody who does not ask for it', async () => {
  const broken = 'fine: 1\nbad: "{{ 1 + }}"\nworse: [\n  1\nalso: "{{ nobody }}"\nmore: "{{ fine }}"\n'
  const told: [string, string, Problem][] = []
  const onUnset: Inventory['onUnset'] = (...one) => void told.push([...one])
  await inside(
    { 'theirs/roles/it/c.yml': broken },
    ({ inventory }) => {
      equal(read(inventory, 'fine'), 1)
      equal(read(inventory, 'more'), 1)
      equal(told, [])
      // Whoever asks gets none of them, and is told why.
      for (const name of ['bad', 'worse', 'also']) is(read(inventory, name), undefined)
    },
    {},
    { onUnset },
  )
  equal(
    told.map(([name, host]) => `${name} ${host}`),
    ['bad a', 'worse a', 'also a'],
  )
  const lines = told.map(
    ([, , why]) => `${why.origin?.file.replace(/^.*theirs\//, '')}:${why.origin?.line} ${why.message}`,
  )
  match(lines[0] ?? '', /^roles\/it\/c.yml:2 template of 'bad': /)
  match(lines[1] ?? '', /^roles\/it\/c.yml:[345] /)
  equal(lines[2], "roles/it/c.yml:5 template of 'also': 'nobody' is undefined")
})

test('what is wrong in the inventory is refused, also when only a default needs it', async () => {
  const said = await problemsOf(() =>
    inside({ [all]: 'registry: "{{ nobody }}"\n' }, ({ inventory }) => read(inventory, 'image')),
  )
  equal(said, ["inv/prod/group_vars/all.yml:1:14: template of 'registry': 'nobody' is undefined (needed by 'image')"])
})

test('facts that a default needs are asked for, and what says how to reach a host is no default', async () => {
  const asked: string[] = []
  const facts = { known: false }
  const factsOf = (host: string) => {
    if (facts.known) return { ansible_os_family: 'Debian' }
    asked.push(host)
    return undefined
  }
  const theirs =
    'package: "{{ ansible_os_family | default(\'none\') | lower }}-it"\nfamily: "{{ ansible_os_family }}"\nansible_user: them\n'
  await inside(
    { 'theirs/roles/it/c.yml': theirs },
    async ({ inventory }) => {
      // Not even what it would be without them.
      match((await problemsOf(() => read(inventory, 'package')))[0] ?? '', 'the default of package needs facts of a')
      match((await problemsOf(() => read(inventory, 'family')))[0] ?? '', "'ansible_os_family' is undefined")
      facts.known = true
      equal(read(inventory, 'family'), 'Debian')
      equal(read(inventory, 'package'), 'debian-it')
      is(read(inventory, 'ansible_user'), undefined)
    },
    {},
    { factsOf },
  )
  equal([...new Set(asked)], ['a'])
})

test('values keep their places, also between blocks of other kinds and under anchors', async () => {
  const text = [
    '---',
    'list:',
    '  - one',
    '  - "{{ nobody }}"',
    'text: |',
    '  tag: no key',
    'base: &base { a: 1 }',
    'derived: *base',
    '"quoted": x',
    'folded: >-',
    '  a',
    '  b',
    'twice: 1',
    'twice: 2',
    '',
  ].join('\n')
  await inside({ 'theirs/roles/it/c.yml': text }, ({ inventory }) => {
    equal(read(inventory, 'text'), 'tag: no key\n')
    equal(read(inventory, 'derived'), { a: 1 })
    equal(read(inventory, 'quoted'), 'x')
    equal(read(inventory, 'folded'), 'a b')
    equal(read(inventory, 'twice'), 2)
    equal(read(inventory, 'tag'), '2')
    equal(resolveVar(inventory, hostOf(inventory), 'quoted')?.origin.line, 9)
  })
})

test('hosts for which a default comes to the same value share it', async () => {
  await inside({ 'inv/prod/host_vars/b.yml': 'other: 1\n' }, ({ inventory }) => {
    const [a, b] = ['a', 'b'].map(name => resolveVar(inventory, hostOf(inventory, name), 'image'))
    is(a, b)
  })
})

test('params say which default sets them, which they override, and which counts as not set', async () => {
  const params = {
    type: 'object',
    properties: {
      tag: { type: 'string', text: 'line', var: 'tag' },
      image: { type: 'string', text: 'line', default: 'own', var: 'image' },
      size: { type: 'integer', default: 7, var: 'size' },
      mirror: { type: 'string', text: 'line', var: ['registry', 'own_registry'] },
    },
  } as const
  const more = { [all]: 'tag: "8"\nown_registry: own.test\n', 'theirs/roles/it/c.yml': 'size: "{{ nobody }}"\n' }
  await inside(more, ({ inventory }, cwd) => {
    const lookup = Object.assign(
      (name: string) => {
        const variable = resolveVar(inventory, hostOf(inventory), name)
        return variable && { value: variable.value, variable }
      },
      { defaultOf: (name: string) => resolveDefault(inventory, hostOf(inventory), name) },
    )
    const lines = explainParams({ role: { name: 'it', params }, params: {} }, lookup, () => undefined)
    equal(
      lines.map(line => line.replaceAll(`${cwd}/`, '')),
      [
        'it tag: "8"  (text)',
        '  set by tag, group_vars/all, inv/prod/group_vars/all.yml:1:6',
        '    overrides "2", tag, theirs 3, theirs/roles/it/b.yml:3:6',
        'it image: "quay.test/it:8"  (text)',
        '  set by image, theirs 3, theirs/roles/it/a.yml:2:8',
        'it size: 7  (integer)',
        '  the default',
        "    not set by size: theirs/roles/it/c.yml:1:10: template of 'size': 'nobody' is undefined",
        'it mirror: "own.test"  (text)',
        '  set by own_registry, group_vars/all, inv/prod/group_vars/all.yml:2:15',
        '    overrides "quay.test", registry, theirs 3, theirs/roles/it/a.yml:1:11',
      ],
    )
  })
})

test.run()
