import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunEvent } from '../../../../engine/journal/events.ts'
import type { DieOn } from '../local-hosts.ts'
import { again, anew, apply, hosts, plan, site, start, stateOf, states, text } from './site.ts'

const { names, at, owed } = hosts

const works = (name: string): DieOn =>
  Object.assign((event: RunEvent) => event.kind === 'taskStarted' && event.host === name && event.task === 'works', {
    holds: `hold-${name}`,
  })
const moments: readonly (readonly [when: string, dieOn: DieOn])[] = [
  ['before anything was done', event => event.kind === 'runStarted'],
  ['with the first change', event => event.kind === 'taskStarted' && event.task === 'motd'],
  ['between two plays', event => event.kind === 'playStarted' && event.number === 2],
  ['with a step', works('n2')],
  ['before the last is put back', event => event.kind === 'around' && event.host === 'n3' && event.phase === 'leave'],
]
for (const [when, dieOn] of moments)
  test(`killed ${when}, and gone on with: it comes to what the plan says`, async () => {
    anew()
    assert.is((await site(start)).exitCode, 0)
    const wanted = states()
    anew()
    await plan()
    const died = await site(['--apply', 'plan.yml', ...again], dieOn)
    assert.is(died.exitCode, -1)
    const next = await site(['--resume', ...again])
    assert.is(next.exitCode, 0, next.said)
    assert.equal([states(), owed()], [wanted, []])
    assert.match((await apply()).said, /is done already: nothing of it is left to do/)
  })

test('killed and begun anew it is refused, with what to do; gone on with, what the plan does not say is refused as well', async () => {
  anew(name => {
    writeFileSync(at(name, 'motd'), 'old\n')
    writeFileSync(at(name, 'log'), '')
  })
  await plan()
  const died = await site(['--apply', 'plan.yml', ...again], works('n2'))
  assert.is(died.exitCode, -1)
  const before = states(true)
  const anewRun = await apply()
  assert.is(anewRun.exitCode, 2)
  assert.match(anewRun.said, /n1: is not as planned[\s\S]*is gone on with by --resume/)
  for (const [file, content, said] of [
    ['n1/conf', 'of others', /n1: is not as planned[\s\S]*\+play: file \S+n1\/conf/],
    ['n3/conf', 'of others', /n3: is not as planned[\s\S]*\+play: file \S+n3\/conf \(content differs/],
  ] as const) {
    const was = existsSync(at(file)) ? readFileSync(at(file), 'utf8') : undefined
    writeFileSync(at(file), content)
    const refused = await site(['--resume', ...again])
    assert.is(refused.exitCode, 2, refused.said)
    assert.match(refused.said, said)
    if (was === undefined) rmSync(at(file))
    else writeFileSync(at(file), was)
  }
  assert.equal(
    names.map(name => Object.keys(stateOf(name))),
    before.map(state => Object.keys(state).filter(file => !file.startsWith('rota'))),
  )
  const plans = text()
  writeFileSync(at('plan.yml'), plans.replace('+new', '+other'))
  assert.match((await site(['--resume', ...again])).said, /plan\.yml:1:1: this plan is not as it was written/)
  writeFileSync(at('plan.yml'), plans)
  assert.is((await site(['--resume', ...again])).exitCode, 0)
})

test('a run that did a plan is taken back as any other', async () => {
  anew()
  const before = states()
  await plan()
  const done = await apply()
  rmSync(at('plan.yml'))
  const taken = await site(['--rollback', done.run, ...again])
  assert.is(taken.exitCode, 0, taken.said)
  assert.equal(
    states().map(({ worked: _, reloaded: __, ...rest }) => rest),
    before,
  )
})

test.run()
