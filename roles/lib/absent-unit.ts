import { defineTask, facts, quote, raw } from 'rota'

/**
 * A unit stopped, and its file removed wherever somebody has put it by hand. Facts: one unit, two paths. A change: it
 * runs, or a file of it is there. A unit that does not exist is fine.
 */
export const absentUnit = defineTask<{ readonly name: string }>({
  name: 'absentUnit',
  title: ({ name }) => `no unit ${name}`,
  facts: ({ name }) => [
    facts.unit({ name: `${name}.service` }),
    ...filesOf(name).map(file => facts.path({ path: file })),
  ],
  plan: ({ name }, seen) => {
    const fact = seen.get(facts.unit({ name: `${name}.service` }))
    const runs = fact.type === 'unit' && !['inactive', 'failed'].includes(fact.activeState)
    const files = filesOf(name).filter(file => facts.followed(seen.get(facts.path({ path: file }))).type !== 'absent')
    if (!runs && files.length === 0) return undefined
    const removed = files.map(file => `rota_backup ${quote(file)}\nrm -f ${quote(file)}`)
    return {
      summary: [...(runs ? ['stop'] : []), ...files.map(file => `remove ${file}`)].join(', '),
      apply: raw(
        [
          `systemctl -q disable --now -- ${quote(name)} || systemctl stop -- ${quote(name)}`,
          ...removed,
          'systemctl daemon-reload',
          // One that failed while it was stopped would be remembered without its file.
          `systemctl reset-failed -- ${quote(name)} 2>/dev/null || :`,
        ].join('\n'),
      ),
      ...(files.length === 0 ? {} : { keeps: 'part' as const }),
    }
  },
})

/** Rota's place for a unit, and the one of document 003. */
const filesOf = (name: string): readonly string[] =>
  ['/etc/systemd/system', '/usr/lib/systemd/system'].map(folder => `${folder}/${name}.service`)
