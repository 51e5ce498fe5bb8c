import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal } from 'uvu/assert'

// What playbooks and roles of others rely on: each exported name with its declared type, as the package ships it. A
// change of the golden is a change for users: UPDATE_GOLDEN=1 rewrites it.
const dir = mkdtempSync(join(tmpdir(), 'rota-api-'))
const golden = 'test/fixtures/api/rota.d.ts.txt'

test.before(async () => {
  await execa('npx', ['tsc', '-p', 'scripts/package/tsconfig.json', '--outDir', dir])
})
test.after(() => rmSync(dir, { recursive: true, force: true }))

test('the public API is what the golden says', () => {
  const names = [
    ...exported('engine/index.d.ts').map(each => declaration(each)),
    ...exported('engine/facts/public.d.ts').map(each => `facts.${each.as}: ${declaration(each)}`),
  ]
  const text = `${names.sort().join('\n\n')}\n`
  if (process.env.UPDATE_GOLDEN) writeFileSync(golden, text)
  equal(readFileSync(golden, 'utf8'), text)
})

test('each public name says what it is', () => {
  const all = [...exported('engine/index.d.ts'), ...exported('engine/facts/public.d.ts')]
  equal(
    all.filter(each => !sources(each).some(text => documented(each.name).test(text))).map(({ name }) => name),
    [],
  )
})

test('the public roles are what the golden says', () => {
  const file = 'test/fixtures/api/roles.txt'
  const names = exported('roles/index.d.ts').map(({ as }) => as)
  const text = `${names.sort().join('\n')}\n`
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, text)
  equal(readFileSync(file, 'utf8'), text)
})

interface Exported {
  readonly name: string
  readonly as: string
  /** The room that it comes from, in the folder of the types. */
  readonly room: string
}

/** `export { a, type B, c as d } from './room/index.ts'`, and all of `export * from './room/kinds.ts'`. */
function exported(file: string): readonly Exported[] {
  const text = readFileSync(join(dir, file), 'utf8')
  const beside = (from: string) => join(dirname(file), from)
  const listed = [...text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']*)'/gm)].flatMap(
    ([, list = '', from = '']) =>
      list.split(',').flatMap(item => {
        const [name = '', as = name] = item
          .trim()
          .replace(/^type /, '')
          .split(' as ')
        // A list may end in a comma.
        return name === '' ? [] : [{ name, as, room: dirname(join(dir, beside(from))) }]
      }),
  )
  const whole = [...text.matchAll(/^export \* from '([^']*)\.ts'/gm)]
  return [...listed, ...whole.flatMap(([, from = '']) => exported(`${beside(from)}.d.ts`))]
}

/** All that a room declares under the name (a type may share it with a value), without comments. */
function declaration({ name, room }: Exported): string {
  const starts = new RegExp(`^export (?:declare )?(?:interface|type|const|function|class) ${name}\\b`)
  const found = sources({ room })
    .flatMap(statements)
    .filter(text => starts.test(text))
  if (found.length === 0) throw new Error(`${room} declares no ${name}`)
  return found.join('\n')
}

const sources = ({ room }: { readonly room: string }): readonly string[] =>
  readdirSync(room)
    .filter(file => file.endsWith('.d.ts') && !['index.d.ts', 'public.d.ts'].includes(file))
    .map(file => readFileSync(join(room, file), 'utf8'))

const documented = (name: string) =>
  new RegExp(`\\*/\\s*export (?:declare )?(?:interface|type|const|function|class) ${name}\\b`)

const statements = (text: string): readonly string[] =>
  text
    .replaceAll(/\/\*[\s\S]*?\*\/\s*/g, '')
    .split(/^(?=export |declare |import |type |interface |const )/m)
    .map(statement => statement.trimEnd())

test.run()
