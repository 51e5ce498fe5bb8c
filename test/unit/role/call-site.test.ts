import { test } from 'uvu'
import { equal } from 'uvu/assert'
import { callSite } from '../../../engine/role/call-site.ts'

const here = (_name?: string) => callSite(here)

test('the place of a call is its own, also where a function of Node calls', () => {
  const { file, line } = here()
  equal(file, 'test/unit/role/call-site.test.ts')
  equal(line, 8)
  const [mapped] = ['one'].map(here)
  equal(mapped?.file, file)
  equal(mapped?.line, 11)
})

test('the traces of later errors are as long as before', () => {
  const before = Error.stackTraceLimit
  here()
  equal(Error.stackTraceLimit, before)
})

test.run()
