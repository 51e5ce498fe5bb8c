// @ts-check

/**
 * What may become of a cluster of kubespray's, as the operator is told: a row of the table in docs/kubespray.md.
 * @typedef {Readonly<{ operations: readonly string[], sign: string, who: string, what: string }>} Change sign: `+` new,
 * `-` gone, `~` another, or several; who: a pattern of hosts, `new` or `gone` for the master that comes or leaves, or
 * api; what: a pattern of paths or objects
 */

/** The heading of the table; in it each row has operations, sign, who, what, why. */
export const heading = '## What is changed'

/**
 * The rows of that table. `*` in a pattern stands for any text.
 * @param {string} text of docs/kubespray.md
 * @returns {readonly Change[]}
 */
export function changesIn(text) {
  const section = text.split(`\n${heading}\n`)[1]?.split('\n## ')[0]
  if (section === undefined) throw new Error(`docs/kubespray.md has no "${heading}"`)
  const rows = section.split('\n').filter(line => line.startsWith('| ') && !line.startsWith('| ---'))
  return rows.slice(1).map(line => {
    const [operations = '', sign = '', who = '', what = ''] = line
      .split(' | ')
      .map(cell => cell.replace(/^\| /, '').trim())
    return { operations: operations.split(', '), sign: bare(sign), who: bare(who), what: bare(what) }
  })
}

/** @param {string} cell */
const bare = cell => cell.replaceAll('`', '').trim()

/**
 * Compares what one operation did with the table: what no row has, and rows of it that nothing was seen of.
 * @param {readonly Change[]} table
 * @param {string} operation
 * @param {readonly string[]} seen `~ master-1 /etc/etcd.env`, `+ api ConfigMap kube-system/x`
 * @param {Readonly<Record<string, string>>} names who `new` and `gone` are
 */
export function compare(table, operation, seen, names = {}) {
  const rows = table.filter(({ operations }) => operations.includes(operation))
  const patterns = rows.map(row => ({ row, pattern: patternOf({ ...row, who: names[row.who] ?? row.who }) }))
  return {
    unexpected: seen.filter(line => !patterns.some(({ pattern }) => pattern.test(line))),
    unseen: patterns
      .filter(({ pattern }) => !seen.some(line => pattern.test(line)))
      .map(({ row }) => `${row.sign} ${row.who} ${row.what}`),
  }
}

/** @param {Change} row */
const patternOf = ({ sign, who, what }) => new RegExp(`^[${escaped(sign)}] ${wild(who)} ${wild(what)}$`)

/** @param {string} text */
const wild = text => text.split('*').map(escaped).join('.*')

/** @param {string} text */
const escaped = text => text.replace(/[.+?^${}()|[\]\\/-]/g, '\\$&')
