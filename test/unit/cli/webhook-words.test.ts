import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { webhooks } from '../../../engine/cli/webhooks.ts'
import { newRedactor } from '../../../engine/secrets/redactor.ts'

test('words of a webhook are hidden, and a file of a host that has one of them is no secret for it', () => {
  const redactor = newRedactor()
  redactor.add(['another-Secret-Word'])
  webhooks(['https://a.example/kube-Controller-Manager-77'], redactor)
  assert.is(redactor.text('kube-Controller-Manager-77'), '********')
  assert.not.ok(redactor.isIn('name: kube-Controller-Manager-77'))
})

test.run()
