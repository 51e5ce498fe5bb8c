import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Command } from 'commander'
import { refused } from '../../failure/index.ts'
import { files, packageJson } from './files.ts'

/**
 * `rota init`: the files of a repository of one's own. None that is there is written over; all such are named at once.
 */
export const initCommand = (): Command =>
  new Command('init')
    .description('begin a repository of your own: an inventory, a playbook, a typed role and its test')
    .argument('[folder]', 'where; default: here', '.')
    .action((folder: string) => void process.stdout.write(`${init(folder).join('\n')}\n`))

/** Writes them, and says what there is and what to do next. */
function init(folder: string): readonly string[] {
  const there = Object.keys(files).filter(name => existsSync(join(folder, name)))
  if (there.length > 0)
    throw refused(there.map(name => ({ message: `${name} is there already`, hint: 'nothing was written' })))
  const manifest = join(folder, 'package.json')
  const isNew = !existsSync(manifest)
  const next = isNew ? ['npm install'] : missing(readFileSync(manifest, 'utf8'))
  const written = isNew ? { 'package.json': `${JSON.stringify(packageJson(), undefined, 2)}\n`, ...files } : files
  for (const [name, text] of Object.entries(written)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text, { flag: 'wx' })
  }
  return [
    ...Object.keys(written).map(name => `wrote ${name}`),
    '',
    'Next:',
    ...[...next, 'npx rota run playbooks/site.mjs --check --diff', 'npm test', 'npx tsc'].map(line => `  ${line}`),
  ]
}

/** Commands that bring a package.json to what the files need. */
function missing(text: string): readonly string[] {
  const wanted = packageJson()
  const has: Partial<ReturnType<typeof packageJson>> = JSON.parse(text)
  // npm writes this one itself, and it only says that there is none.
  const isSet = has.scripts?.test !== undefined && !has.scripts.test.includes('no test specified')
  const values = [
    ...(has.type === wanted.type ? [] : [`type=${wanted.type}`]),
    ...(isSet ? [] : [`'scripts.test=${wanted.scripts.test}'`]),
  ]
  const known = { ...has.dependencies, ...has.devDependencies }
  const packages = Object.entries({ ...wanted.dependencies, ...wanted.devDependencies }).filter(
    ([name]) => !(name in known),
  )
  return [
    ...(values.length > 0 ? [`npm pkg set ${values.join(' ')}`] : []),
    ...(packages.length > 0 ? [`npm install ${packages.map(([name, range]) => `'${name}@${range}'`).join(' ')}`] : []),
  ]
}
