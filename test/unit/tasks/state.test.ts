import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as tasks from '../../../engine/tasks/index.ts'
import { problemsOf } from './plan.ts'

const key = 'ssh-rsa AAAAB3NzaC1yc2EA'
const both = 'present, absent'
const kinds: readonly (readonly [(more: object) => tasks.Task, string])[] = [
  [more => tasks.alternatives({ name: 'a', path: '/a', ...more }), 'selected, present, auto, absent'],
  [more => tasks.authorizedKey({ user: 'a', key, ...more }), both],
  [more => tasks.cron({ name: 'a', job: 'a', ...more }), both],
  [more => tasks.firewall({ ports: '1/tcp', ...more }), both],
  [more => tasks.group({ name: 'a', ...more }), both],
  [more => tasks.hold({ names: ['a'], ...more }), both],
  [more => tasks.iniFile({ path: '/a', section: 'a', ...more }), both],
  [more => tasks.lineInFile({ path: '/a', line: 'a', ...more }), both],
  [more => tasks.mount({ path: '/a', src: 'a', fstype: 'a', ...more }), 'mounted, present, unmounted, absent'],
  [more => tasks.packages({ names: ['a'], ...more }), 'present, absent, latest'],
  [more => tasks.repository({ name: 'a', dnf: { baseurl: 'a', gpgcheck: false }, ...more }), both],
  [more => tasks.swap({ path: '/a', size: 1, ...more }), both],
  [more => tasks.timer({ name: 'a', run: 'a', onCalendar: 'daily', ...more }), both],
  [more => tasks.user({ name: 'a', ...more }), both],
]
for (const [make, known] of kinds)
  test(`${make({}).kind.name}: a misspelt state is not taken for another`, () => {
    assert.equal(problemsOf(make({})), [])
    assert.equal(problemsOf(make({ state: 'abesnt' })), [`state: "abesnt" is none of ${known}`])
  })

test.run()
