import { test } from 'uvu'
import { equal } from 'uvu/assert'
import { allowedBy, cutOff, underWay, unexplained } from '../../lab/fail-over.ts'

const died = { from: 10_000, to: 11_000 }
const explained = [underWay(died), cutOff('vip', died, 3.6, 2)]
const cases: readonly (readonly [string, number, boolean])[] = [
  ['vip', 9_500, true],
  ['node-1', 9_500, true],
  ['node-1', 11_000, true],
  ['node-1', 11_001, false],
  ['vip', 16_600, true],
  ['vip', 16_601, false],
  ['vip', 8_999, false],
]
for (const [path, at, fine] of cases)
  test(`a request through ${path} ${at - died.to} ms after a death ${fine ? 'may fail' : 'has no reason to fail'}`, () => {
    const failed = [{ path, at: new Date(at), reason: 'refused' }]
    equal(unexplained(failed, explained).length, fine ? 0 : 1)
    equal(unexplained(failed, []).length, 1)
  })

test('what VRRP allows is read from the configuration, and a check that is not there takes no time', () => {
  const conf =
    'vrrp_script a {\n    interval 5\n    fall 2\n}\nvrrp_instance b {\n    priority 128\n    advert_int 2\n}\n'
  equal(allowedBy(conf), { silence: 7, check: 10 })
  equal(allowedBy('    priority 100\n    advert_int 1\n'), { silence: 3.609375, check: 0 })
})

test.run()
