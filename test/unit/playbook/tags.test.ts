import { test } from 'uvu'
import { equal } from 'uvu/assert'
import { isSelected } from '../../../engine/playbook/tags.ts'

const table: readonly (readonly [string, string, string, string, boolean])[] = [
  // name, own tags, --tags, --skip-tags, runs?
  ['everything runs without flags', '', '', '', true],
  ['a matching tag', 'a,b', 'b', '', true],
  ['no matching tag', 'a', 'b', '', false],
  ['untagged is left out by a tag', '', 'a', '', false],
  ['untagged by name', '', 'untagged', '', true],
  ['tagged leaves out untagged', '', 'tagged', '', false],
  ['tagged', 'a', 'tagged', '', true],
  ['always runs with other tags', 'always', 'a', '', true],
  ['always is skipped by name', 'always', '', 'always', false],
  ['always with a tag of its own that is skipped', 'always,a', '', 'a', false],
  ['never needs its match', 'never,debug', '', '', false],
  ['never with all', 'never,debug', 'all', '', false],
  ['never with its tag', 'never,debug', 'debug', '', true],
  ['never by name', 'never', 'never', '', true],
  ['never and tagged', 'never,x', 'tagged', '', false],
  ['always beats never', 'never,always', '', '', true],
  ['skip beats only', 'a,b', 'a', 'b', false],
  ['skip all but always', 'a', '', 'all', false],
  ['skip all leaves always', 'always', '', 'all', true],
  ['skip tagged', 'a', '', 'tagged', false],
  ['skip untagged', '', '', 'untagged', false],
]
const words = (text: string) => text.split(',').filter(Boolean)
for (const [name, own, only, skip, expected] of table) {
  test(`tags: ${name}`, () => equal(isSelected(words(own), { only: words(only), skip: words(skip) }), expected))
}

test.run()
