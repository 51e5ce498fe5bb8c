import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type FactRequest, factTable, type Task } from 'rota'
import { kubeText } from '../../../roles/lib/cluster/kubectl.ts'
import { sandbox } from '../../unit/tasks/converge.ts'
import { host } from '../support/inventory.ts'

/** A folder of this test's own: files of the control machine, and programs of a master. */
export const dir = sandbox()

export function write(name: string, text: string): string {
  const path = join(dir, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

/** A program that writes down how it was called; the rest is shell text, with `$dir`. */
export function program(name: string, text: string): void {
  const path = write(`bin/${name}`, `#!/bin/sh\nset -u\ndir=${dir}\nprintf '%s\\n' "$*" >>"$dir/calls"\n${text}\n`)
  chmodSync(path, 0o755)
}

/** How programs were called since the last look. */
export function calls(): string {
  const path = join(dir, 'calls')
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  writeFileSync(path, '')
  return text
}

export const at = { binDir: join(dir, 'bin'), kubeConfigDir: '/etc/kubernetes', apiserverPort: 6443 }
export const masters = [host('m1', '10.0.0.1'), host('m2', '10.0.0.2')]
/** In a `case` of the words of kubectl: of the masters only the second is ready. */
export const secondIsReady = '*readyz*) case "$*" in *--server*10.0.0.2*) exit 0 ;; *) exit 1 ;; esac ;;'
export const kube = kubeText(at, masters)

/** What a task plans where all its facts have this answer. */
export function planOf(task: Task, answer: unknown, changed = false) {
  const requests = task.kind.facts(task.args, { diff: true })
  const facts = factTable(...requests.map((request: FactRequest) => [request, answer] as const))
  return task.kind.plan(task.args, facts, { changed, diff: true })
}
