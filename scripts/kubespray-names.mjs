#!/usr/bin/env zx
// @ts-check
// Writes roles/lib/kubespray/names.txt anew: the names of all variables of kubespray, of every minor release that a
// clone of it has a tag of, and of what it has checked out.
//   npx zx scripts/kubespray-names.mjs ../kubespray
import { writeFileSync } from 'node:fs'
import { $, argv } from 'zx'

const [clone = '../kubespray'] = argv._
const oldest = 16
const settingFiles = ['roles/*/defaults/*', 'roles/*/vars/*', 'inventory/sample/*']
const settings = /^(# ?)?([a-z_][a-z0-9_]*):/gm

/** @param {readonly string[]} words */
const git = async (...words) => (await $`git -C ${clone} ${words}`.quiet().nothrow()).stdout

const releases = (await git('tag')).split('\n').filter(tag => Number(/^v2\.(\d+)\.0$/.exec(tag)?.[1]) >= oldest)
/** @type {Set<string>} */
const set = new Set()
/** @type {Set<string>} */
const read = new Set()
for (const release of [...releases, 'HEAD']) {
  // Of what stands in a comment, words of prose are left out.
  for (const [, mark, name = ''] of (await grep(release, '^(# ?)?[a-z_][a-z0-9_]*:', settingFiles)).matchAll(settings))
    if (mark === undefined || name.includes('_')) set.add(name)
  const docs = await grep(release, '[a-z0-9]_[a-z0-9]', ['*.md'])
  for (const [, name = ''] of docs.matchAll(/(?:`|\*|^- |^)([a-z]\w*_\w+)(?=[`:*])/gm)) read.add(name)
  const used = await grep(release, '\\{\\{|\\{%|when:| (==|!=|is|in|and|or) ', ['roles', 'playbooks', '*.yml'])
  for (const [name] of used.matchAll(/\b[a-z]\w*_\w+/g)) read.add(name)
}
// Of hosts: roles/kubespray_defaults, docs/ansible/vars.md.
for (const name of ['ip', 'ip6', 'access_ip', 'access_ip6', 'etcd_member_name']) set.add(name)

/** @param {Iterable<string>} names */
const listed = names => [...names].filter(name => !/^ansible_|[A-Z]/.test(name)).sort()
const others = listed(read).filter(name => !set.has(name))
writeFileSync(
  new URL('../roles/lib/kubespray/names.txt', import.meta.url),
  [
    `# Variables of kubespray, 2.${oldest} and later: of its role defaults and sample inventories.`,
    ...listed(set),
    '# Names in its tasks, templates and documents beside those.',
    ...others,
    '',
  ].join('\n'),
)
console.log(`${releases.join(' ')}: ${set.size} variables, ${others.length} names beside them`)

/** @param {string} release @param {string} pattern @param {readonly string[]} paths */
async function grep(release, pattern, paths) {
  return git('grep', '-hIE', '-e', pattern, release, '--', ...paths, ':!contrib', ':!tests', ':!extra_playbooks')
}
