import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Task } from 'rota'
import { test } from 'uvu'
import { equal, is, match } from 'uvu/assert'
import { helmRelease, helmText } from '../../../roles/addons/helm.ts'
import { converge } from '../../unit/tasks/converge.ts'
import { at, calls, dir, kube, planOf, program, secondIsReady, write } from './files.ts'

// Releases of helm, with a stand-in for it.

const values = write('values.yaml', 'replicas: 2\n')
const packed = write('cilium-1.15.6.tgz', 'a chart')
const release = (more: object = {}) =>
  helmRelease({
    ...{ addon: 'cilium', release: 'cilium', namespace: 'kube-system', chart: 'oci://x/cilium', version: '1.15.6' },
    ...{ repo: undefined, values, timeout: 300, helm: ':', ...more },
  })
const revision = (more: object) => ({
  exitCode: 0,
  stderr: '',
  stdout: JSON.stringify([
    { status: 'deployed', chart: 'cilium-1.15.6', description: descriptionOf(release()), ...more },
  ]),
})
const descriptionOf = (task: Task): string =>
  /--description '([^']+)'/.exec(
    planOf(task, { exitCode: 1, stdout: '', stderr: 'Error: release: not found' })?.apply.text ?? '',
  )?.[1] ?? 'none'
const releases: readonly (readonly [name: string, answer: object, summary: RegExp | undefined, task?: Task])[] = [
  ['as it shall be', revision({}), undefined],
  ['its chart writes the version with a v', revision({ chart: 'cilium-v1.15.6' }), undefined],
  ['not there', { exitCode: 1, stdout: '', stderr: 'Error: release: not found' }, /^cilium-1\.15\.6 is not installed$/],
  ['an older chart', revision({ chart: 'cilium-1.14.0' }), /^cilium-1\.14\.0 → cilium-1\.15\.6$/],
  ['other values', revision({ description: 'Upgrade complete' }), /^its values are others$/],
  ['one that has failed', revision({ status: 'failed' }), /^its last revision is failed$/],
  [
    'a packed chart',
    revision({ description: descriptionOf(release({ chart: packed })) }),
    undefined,
    release({ chart: packed }),
  ],
]
for (const [name, answer, summary, task = release()] of releases)
  test(`a release: ${name}`, () => {
    const change = planOf(task, answer)
    if (summary === undefined) is(change?.summary, undefined)
    else match(change?.summary ?? '', summary)
    is(change?.refused, undefined)
  })
for (const [name, answer, refused] of [
  ['one that helm is at work on', revision({ status: 'pending-upgrade' }), /helm rollback cilium -n kube-system/],
  ['no helm', { exitCode: 69, stdout: '', stderr: 'there is no helm' }, /there is no helm/],
] as const)
  test(`a release is refused: ${name}`, () => match(planOf(release(), answer)?.refused ?? '', refused))
test('other values, or another packed chart, are another description', () => {
  const other = write('other.yaml', 'replicas: 3\n')
  const marks = [release(), release({ values: other }), release({ values: undefined }), release({ chart: packed })]
  is(new Set(marks.map(descriptionOf)).size, 4)
})

program('kubectl', `case "$*" in ${secondIsReady} esac`)
program(
  'helm',
  `case "$*" in
  *history*) [ -e "$dir/release" ] || { echo 'Error: release: not found' >&2; exit 1; }; cat "$dir/release" ;;
  *upgrade*) cat >"$dir/values"
    while [ $# -gt 0 ]; do [ "$1" != --description ] || d=$2; shift; done
    printf '[{"status":"deployed","chart":"cilium-1.15.6","description":"%s"}]' "$d" >"$dir/release" ;;
esac`,
)
test('values of a release come over stdin, and a second run has nothing to do', () => {
  const task = release({ helm: helmText(kube, at) })
  calls()
  const { changes } = converge(['sh'], [task], dir)
  equal(
    changes.map(({ summary }) => summary),
    ['cilium-1.15.6 is not installed'],
  )
  is(readFileSync(join(dir, 'values'), 'utf8'), 'replicas: 2\n')
  match(calls(), /--kube-apiserver https:\/\/10\.0\.0\.2:6443 upgrade --install cilium oci:\/\/x\/cilium /)
})

test.run()
