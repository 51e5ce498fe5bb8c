import { homedir } from 'node:os'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { type Origin, type Problem, refused } from '../../failure/index.ts'
import { namesIn } from '../../tasks/index.ts'
import { findConfig, type Surroundings } from './find.ts'
import { type IniValue, readIni } from './ini.ts'
import { type Kind, type Setting, type SettingName, settings, type ValueOf } from './settings.ts'

/** A setting's value and who made it: `ansible.cfg:3 remote_user`, `ROTA_FORKS`. */
export interface Found<T> {
  readonly value: T
  readonly from: string
}

export type Settings = { readonly [N in SettingName]?: Found<ValueOf<N>> }

export interface Config {
  readonly settings: Settings
  readonly warnings: readonly string[]
  /** For `-v`: what was taken from where, and what the file says that Rota has no use for. */
  readonly notes: readonly string[]
}

/**
 * ansible.cfg, then ANSIBLE_*, then ROTA_*, each over the one before. Throws a refusal with everything that
 * can't be read.
 */
export function readConfig(where: Surroundings = { cwd: process.cwd(), env: process.env }): Config {
  const { file, warnings } = findConfig(where)
  const ini = file ? readIni(file.text, file.path) : new Map<string, IniValue>()
  const problems: Problem[] = []
  const found: Partial<Record<SettingName, Found<unknown>>> = {}
  for (const name of settingNames) {
    const said = lookUp(settings[name], ini, where)
    if (!said) continue
    const value = convert(settings[name].kind, said, where)
    if (value === undefined) {
      const expected = settings[name].kind === 'integer' ? 'a whole number' : 'yes or no'
      problems.push({
        message: `${said.from}: ${JSON.stringify(said.text)} is not ${expected}`,
        ...(said.origin ? { origin: said.origin } : {}),
      })
    } else found[name] = { value, from: said.from }
  }
  if (problems.length > 0) throw refused(problems)
  const unused = file ? unusedKeys(ini) : []
  return {
    // Each was converted by the kind of its own name.
    settings: found as Settings,
    warnings,
    notes: [
      ...Object.values(found).map(({ value, from }) => `${from} = ${shown(value)}`),
      ...(file && unused.length > 0 ? [`${file.path}: not used here: ${unused.join(', ')}`] : []),
    ],
  }
}

const settingNames = Object.keys(settings) as readonly SettingName[]

interface Said {
  readonly text: string
  readonly from: string
  readonly origin?: Origin
}

function lookUp(setting: Setting, ini: ReadonlyMap<string, IniValue>, { env }: Surroundings): Said | undefined {
  for (const name of ['ROTA_', 'ANSIBLE_'].flatMap(prefix => setting.env.map(word => prefix + word))) {
    const text = env[name]
    if (text !== undefined && text !== '') return { text, from: name }
  }
  for (const key of setting.ini) {
    const value = ini.get(key)
    if (!value) continue
    const { file, line } = value.origin
    return { text: unquoted(value.text), from: `${file}:${line} ${key.split('.')[1]}`, origin: value.origin }
  }
  return undefined
}

function convert(kind: Kind, said: Said, where: Surroundings): unknown {
  const text = said.text.trim()
  const words = namesIn(text)
  switch (kind) {
    case 'text':
      return text
    case 'path':
      return pathOf(text, said, where)
    case 'paths':
      return words.map(word => pathOf(word, said, where))
    case 'list':
      return words
    case 'integer':
      return /^\d+$/.test(text) ? Number(text) : undefined
    case 'boolean':
      if (/^(yes|true|on|y|t|1)$/i.test(text)) return true
      return /^(no|false|off|n|f|0)$/i.test(text) ? false : undefined
  }
}

/** `~`, `$VAR` and `{{CWD}}` as in Ansible; a relative path in a file is relative to the file. */
function pathOf(text: string, { origin }: Said, { cwd, env }: Surroundings): string {
  const expanded = text
    .replaceAll('{{CWD}}', cwd)
    .replace(/^~(?=\/|$)/, env.HOME ?? homedir())
    .replaceAll(
      /\$(?:\{(\w+)\}|(\w+))/g,
      (reference, braced?: string, bare?: string) => env[braced ?? bare ?? ''] ?? reference,
    )
  if (isAbsolute(expanded) || !origin) return expanded
  const path = relative(cwd, join(resolve(cwd, dirname(origin.file)), expanded))
  return path === '' ? '.' : path
}

const unquoted = (text: string): string => text.replace(/^(["'])(.*)\1$/s, '$2')

const shown = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : String(value))

function unusedKeys(ini: ReadonlyMap<string, IniValue>): readonly string[] {
  const read = new Set(settingNames.flatMap((name): readonly string[] => settings[name].ini))
  return [...ini.keys()].filter(key => !read.has(key)).map(key => key.replace(/^defaults\./, ''))
}
