import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asDebSrc } from '../../../scripts/lab/apt-source.mjs'
import { mirrorIn } from '../../../scripts/lab/mirror.mjs'

const stanza = `Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security

Types: deb deb-src
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates`

test('both formats of apt sources are read as deb-src', () => {
  assert.equal(asDebSrc(stanza).match(/^Types:.*/gm), ['Types: deb-src', 'Types: deb-src'])
  const line = 'deb [signed-by=/k.gpg] http://mirror.example/debian bookworm main'
  assert.is(asDebSrc(`${line}\ndeb-src http://other.example/debian bookworm main`), line.replace('deb', 'deb-src'))
})

test('the mirror is the archive of Debian itself', () => {
  assert.is(mirrorIn(stanza), 'http://mirror.example/debian')
  assert.is(mirrorIn('deb [a=b c=d] http://mirror.example/debian/ bookworm main'), 'http://mirror.example/debian/')
  assert.is(
    mirrorIn('# deb http://mirror.example/debian x\ndeb https://packages.example/node nodistro main'),
    undefined,
  )
})

test.run()
