import { isSetBy } from 'rota'
import { editedText } from '../lib/pods/text-edits.ts'
import type { Params } from './params.ts'

/** Where containerd's configuration has what somebody asks for, since version 2 of it and since version 3. */
const places = {
  sandbox: {
    old: ['plugins."io.containerd.grpc.v1.cri"', 'sandbox_image'],
    now: ['plugins."io.containerd.cri.v1.images".pinned_images', 'sandbox'],
  },
  cgroup: {
    old: ['plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options', 'SystemdCgroup'],
    now: ['plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options', 'SystemdCgroup'],
  },
  registries: {
    old: ['plugins."io.containerd.grpc.v1.cri".registry', 'config_path'],
    now: ['plugins."io.containerd.cri.v1.images".registry', 'config_path'],
  },
} as const

type Setting = keyof typeof places

/** What is asked for of containerd's configuration. */
export interface Settings {
  readonly systemdCgroup?: boolean
  readonly sandboxRepo?: string
  readonly sandboxTag?: string
  /** The folder of what is said of registries. */
  readonly registries?: string
}

/** What the operator sets, and nothing that is a default: kubespray's are on the host, where they are wanted. */
export function settingsOf(params: Params): Settings {
  const { systemdCgroup, sandboxRepo, sandboxTag, mirrors, configDir } = params
  const isSet = (name: keyof Params): boolean => isSetBy(params, name)
  return {
    ...(systemdCgroup !== undefined && isSet('systemdCgroup') ? { systemdCgroup } : {}),
    ...(sandboxRepo !== undefined && isSet('sandboxRepo') ? { sandboxRepo } : {}),
    ...(sandboxTag !== undefined && isSet('sandboxTag') ? { sandboxTag } : {}),
    ...(mirrors !== undefined && isSet('mirrors') ? { registries: `${configDir}/certs.d` } : {}),
  }
}

export const isAnySet = (settings: Settings): boolean => Object.keys(settings).length > 0

/**
 * The text of `config.toml` with what is asked for: as it is where it means that already. `dump`: what containerd makes
 * of it (`containerd config dump`), which says what counts whatever way it is written; or why that can't be had.
 */
export function configured(current: string, dump: string, settings: Settings): string {
  const seen = readSections(dump)
  const wanted = [...wantedOf(settings, seen)].filter(([setting, value]) => valueIn(seen, setting) !== value)
  const start = current === '' ? `version = ${versionIn(seen) ?? 2}\n` : current
  return wanted.reduce((text, [setting, value]) => withSetting(text, setting, value), start)
}

/** As TOML has them. */
function* wantedOf(settings: Settings, seen: readonly Section[]): Generator<readonly [Setting, string]> {
  const { systemdCgroup, sandboxRepo, sandboxTag, registries } = settings
  if (systemdCgroup !== undefined) yield ['cgroup', String(systemdCgroup)]
  if (registries !== undefined) yield ['registries', JSON.stringify(registries)]
  if (sandboxRepo === undefined && sandboxTag === undefined) return
  const [, repo, tag] = /^"(.*?)(?::([^:/]+))?"$/.exec(valueIn(seen, 'sandbox') ?? '') ?? []
  const image = [sandboxRepo ?? repo, sandboxTag ?? tag]
  if (image.every(part => part !== undefined && part !== '')) yield ['sandbox', JSON.stringify(image.join(':'))]
}

interface Line {
  readonly key: string
  readonly value: string
  /** Where the value stands in the text. */
  readonly start: number
  readonly end: number
}

interface Section {
  /** As its header is, in small letters and with one kind of quotes; empty before the first header. */
  readonly name: string
  readonly lines: readonly Line[]
  /** Where its header ends. */
  readonly end: number
}

/** Sections and the values of one line in them: all that containerd prints is written so. */
function readSections(text: string): readonly Section[] {
  const sections: { name: string; lines: Line[]; end: number }[] = [{ name: '', lines: [], end: 0 }]
  let start = 0
  for (const line of text.split('\n')) {
    const header = /^\s*\[([^[\]]+)\]\s*(?:#.*)?$/.exec(line)?.[1]
    const [, before = '', key, value] =
      /^(\s*([A-Za-z0-9_-]+)\s*=\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s#]+)/.exec(line) ?? []
    if (header !== undefined) sections.push({ name: nameOf(header), lines: [], end: start + line.length })
    else if (key !== undefined && value !== undefined) {
      const from = start + before.length
      sections.at(-1)?.lines.push({ key: key.toLowerCase(), value, start: from, end: from + value.length })
    }
    start += line.length + 1
  }
  return sections
}

const nameOf = (header: string): string =>
  header
    .trim()
    .replaceAll("'", '"')
    .replaceAll(/\s*\.\s*(?=[a-z"])/gi, '.')
    .toLowerCase()

const versionIn = (sections: readonly Section[]): number | undefined => {
  const said = sections[0]?.lines.find(({ key }) => key === 'version')?.value
  return said === undefined ? undefined : Number(said)
}

const placeIn = (sections: readonly Section[], setting: Setting): readonly [section: string, key: string] =>
  places[setting][(versionIn(sections) ?? 2) > 2 ? 'now' : 'old']

/** With one kind of quotes. containerd takes keys whatever the size of their letters. */
function valueIn(sections: readonly Section[], setting: Setting): string | undefined {
  const [section, key] = placeIn(sections, setting)
  const value = sections
    .filter(({ name }) => name === section.toLowerCase())
    .flatMap(({ lines }) => lines.filter(line => line.key === key.toLowerCase()))
    .at(-1)?.value
  return value?.replace(/^'(.*)'$/, (_, text: string) => JSON.stringify(text))
}

/** In its place: the line that is there, else one below the header that is there, else at the end. */
function withSetting(text: string, setting: Setting, value: string): string {
  const sections = readSections(text)
  const [section, key] = placeIn(sections, setting)
  const found = sections.find(({ name }) => name === section.toLowerCase())
  if (found === undefined) return `${text.replace(/\n*$/, '\n')}\n[${section}]\n  ${key} = ${value}\n`
  const line = found.lines.find(each => each.key === key.toLowerCase())
  if (line !== undefined) return editedText(text, [{ start: line.start, end: line.end, text: value }])
  return editedText(text, [{ start: found.end, end: found.end, text: `\n  ${key} = ${value}` }])
}
