import { type FactRequest, type Facts, os, path as pathFact } from '../facts/index.ts'
import { hasControlCharacters, lines, raw, sh } from '../shell/index.ts'
import { pathProblems, secondsProblems, stateProblems } from './checks.ts'
import { installFact, installFacts, planInstall } from './install.ts'
import { isKept, keptWord, placeOf } from './place.ts'
import { aptFiles, aptRefresh } from './repository-apt.ts'
import { isKeyText, type RepositoryArgs } from './repository-args.ts'
import { dnfFiles, dnfRefresh } from './repository-dnf.ts'
import { type Change, defineTask, type PlanContext } from './task.ts'

/**
 * A repository of packages for apt or dnf (yum), with the key that signs it.
 *
 * What it has is fetched first, of it alone: one that can't be had, or is signed by another key, is not written down,
 * and the packages that come after it in the stage are known. Facts: the system, the files. A change: one of them
 * differs (or is there). Refused: the host has neither apt nor dnf, or nothing is said for the one it has. Source: `man
 * sources.list`, `man dnf.conf`, Ansible's `deb822_repository` and `yum_repository`.
 */
export const repository = defineTask<RepositoryArgs>({
  name: 'repository',
  title: args => `repository ${args.name}${args.state === 'absent' ? ' absent' : ''}`,
  check: args => [
    ...stateProblems(args.state),
    ...(/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(args.name)
      ? []
      : [`name: ${JSON.stringify(args.name)} is not a plain name`]),
    ...(args.state !== 'absent' && args.apt === undefined && args.dnf === undefined ? ['apt or dnf is needed'] : []),
    ...(args.apt === undefined ? [] : aptProblems(args.apt)),
    ...(args.dnf === undefined ? [] : dnfProblems(args.dnf)),
    ...secondsProblems('lockTimeout', args.lockTimeout),
  ],
  facts: (args, { diff }) => [
    os({}),
    ...(args.state === 'absent'
      ? everyFile(args).map(path => pathFact({ path }))
      : [aptFiles(args), dnfFiles(args)].flatMap((files): readonly FactRequest[] => [
          ...installFacts(files.path, files.content, diff),
          ...(files.key === undefined ? [] : installFacts(files.keyPath, files.key, diff)),
        ])),
  ],
  plan: (args, facts, context): Change | undefined => {
    if (args.state === 'absent') return planRemoval(args, facts)
    const { packageManager: manager } = facts.get(os({}))
    const refuse = (refused: string): Change => ({ summary: 'cannot be written', apply: raw(':'), refused })
    if (manager !== 'apt' && manager !== 'dnf' && manager !== 'yum')
      return refuse(`this host has neither apt nor dnf: there is no place for the repository ${args.name}`)
    const word = manager === 'apt' ? 'apt' : 'dnf'
    if (args[word] === undefined)
      return refuse(`this host has ${manager}, and nothing is said of ${word} for ${args.name}`)
    const files = word === 'apt' ? aptFiles(args) : dnfFiles(args)
    const key =
      files.key === undefined
        ? undefined
        : // Its directory is made in the same change.
          planFile(files.keyPath, files.key, facts, { ...context, changed: true })
    const source = planFile(files.path, files.content, facts, context)
    if (key === undefined && source === undefined) return undefined
    const refresh = word === 'apt' ? aptRefresh(args, files.content) : dnfRefresh(args, files.content)
    const changes = [
      ...(key === undefined ? [] : [{ path: files.keyPath, ...key }]),
      ...(source === undefined ? [] : [{ path: files.path, ...source }]),
    ]
    const refused = changes.find(change => change.refused !== undefined)?.refused
    const diff = source?.diff ?? key?.diff
    return {
      summary: changes.map(({ path, summary }) => `${path} ${summary}`).join(', '),
      apply: lines([
        ...(key === undefined ? [] : [sh`mkdir -p ${files.keyPath.replace(/\/[^/]*$/, '')}`, key.apply]),
        ...(args.enabled === false ? [] : [refresh]),
        ...(source === undefined ? [] : [source.apply]),
      ]),
      keeps: 'all',
      ...(diff === undefined ? {} : { diff }),
      ...(refused === undefined ? {} : { refused }),
    }
  },
})

function planFile(path: string, text: string, facts: Facts, context: PlanContext): Change | undefined {
  const content = Buffer.from(text)
  return planInstall(
    { path, content, mode: '0644' },
    facts.get(installFact(path, content, context.diff)),
    facts,
    context,
  )
}

const everyFile = (args: RepositoryArgs): readonly string[] =>
  [aptFiles(args), dnfFiles(args)].flatMap(({ path, keyPath }) => [path, keyPath])

function planRemoval(args: RepositoryArgs, facts: Facts): Change | undefined {
  const there = everyFile(args).flatMap(path => {
    const fact = facts.get(pathFact({ path }))
    return fact.type === 'absent' ? [] : [{ path, fact }]
  })
  if (there.length === 0) return undefined
  return {
    summary: `remove ${there.map(({ path }) => path).join(', ')}`,
    apply: lines(
      there.flatMap(({ path, fact }) => {
        const place = placeOf(path, fact)
        return [sh`rota_backup ${place}`, sh`rota_remove ${place} ${keptWord(isKept(fact))}`]
      }),
    ),
    keeps: 'all',
  }
}

type Given<T> = NonNullable<T>

function aptProblems({ uris, suites, components = [], architectures = [], signedBy }: Given<RepositoryArgs['apt']>) {
  const all = { uris: [uris].flat(), suites: [suites].flat(), components, architectures }
  const isFlat = all.suites.every(suite => suite.endsWith('/'))
  return [
    ...Object.entries(all).flatMap(([name, words]) => words.flatMap(word => wordProblems(`apt.${name}`, word))),
    ...all.uris.flatMap(uri => (/^[a-z][a-z0-9+.-]*:/.test(uri) ? [] : [`apt.uris: ${JSON.stringify(uri)} is no URI`])),
    ...(['uris', 'suites'] as const).flatMap(name => (all[name].length === 0 ? [`apt.${name}: is empty`] : [])),
    ...(isFlat === (components.length === 0) ? [] : ['apt.components: are needed, but for suites that end in a slash']),
    ...keyProblems('apt.signedBy', signedBy, false),
  ]
}

function dnfProblems(given: Given<RepositoryArgs['dnf']>): readonly string[] {
  const { description = '', baseurl = [], mirrorlist, metalink, gpgkey, gpgcheck } = given
  const urls = { baseurl: [baseurl].flat(), mirrorlist: [mirrorlist ?? []].flat(), metalink: [metalink ?? []].flat() }
  return [
    ...Object.entries(urls).flatMap(([name, words]) => words.flatMap(word => wordProblems(`dnf.${name}`, word))),
    ...(Object.values(urls).flat().length === 0 ? ['dnf: one of baseurl, mirrorlist and metalink is needed'] : []),
    ...(hasControlCharacters(description) ? ['dnf.description: must be one line'] : []),
    ...(gpgkey === undefined && gpgcheck !== false ? ['dnf.gpgkey: is needed, unless gpgcheck is false'] : []),
    ...(gpgkey === undefined ? [] : keyProblems('dnf.gpgkey', gpgkey, true)),
  ]
}

const wordProblems = (name: string, word: string): readonly string[] =>
  word !== '' && !/\s/.test(word) && !hasControlCharacters(word)
    ? []
    : [`${name}: ${JSON.stringify(word)} is not one word`]

function keyProblems(name: string, key: string, mayBeUrl: boolean): readonly string[] {
  if (isKeyText(key))
    return key.trimEnd().endsWith('-----END PGP PUBLIC KEY BLOCK-----') ? [] : [`${name}: the key was cut short`]
  if (mayBeUrl && /^(https?|file):\/\/\S+$/.test(key)) return []
  return pathProblems(name, key).length === 0 && !/\s/.test(key)
    ? []
    : [`${name}: is neither the text of a public key (-----BEGIN PGP PUBLIC KEY BLOCK-----) nor an absolute path`]
}
