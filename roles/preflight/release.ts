import { type Check, type Finding, facts, hostCheck } from 'rota'
import { filesOf, marksText, releasesBetrayed } from '../lib/kubespray/index.ts'
import type { Params } from './params.ts'

/** The release of kubespray that the inventory names is the one whose files stand on the host. */
export function releaseIsTheirs(params: Params, named: string): Check {
  const files = filesOf(name => ({ kube_config_dir: params.kubeConfigDir, bin_dir: params.binDir })[name])
  return hostCheck({
    name: "kubespray's release",
    facts: { marks: facts.command({ run: marksText(files) }) },
    verdict: ({ marks }) => judgeRelease(named, marks.stdout),
  })
}

export function judgeRelease(named: string, marks: string): Finding {
  const expected = `${named}, as kubespray_release says: set it to that of the files, or take it out, and they are asked`
  const seen = releasesBetrayed(marks)
  if (seen === undefined) return { ok: true, expected, saw: 'no files of kubespray here' }
  const { releases, files } = seen
  const told = releases.map(minor => `2.${minor}`)
  if (told.length === 0) return { ok: true, expected, saw: `${files.join(', ')} are of no one release` }
  const ok = told.some(release => `${named.replace(/^v/, '')}.`.startsWith(`${release}.`))
  return { ok, expected, saw: ok ? `${named} is possible` : `${files.join(', ')} are of ${told.join(' or ')}` }
}
