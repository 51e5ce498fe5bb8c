import { refused } from '../failure/index.ts'
import type { Host, Inventory } from '../inventory/index.ts'
import { renderTemplate } from './resolve.ts'

/** A rendered text, and whether anything secret was read for it. */
export interface Rendered {
  readonly text: string
  readonly secret: boolean
}

/**
 * A Jinja file of the control machine, with the variables of a host and `values` before them, as Ansible's `template`
 * renders it. Throws a refusal at the place in the file.
 */
export function renderFile(
  inventory: Inventory,
  host: Host,
  file: string,
  values: Readonly<Record<string, unknown>> = {},
): Rendered {
  const read = inventory.readText(file)
  if (read === undefined) throw refused([{ message: `there is no template ${JSON.stringify(file)}` }])
  const origin = { file, line: 1, column: 1 }
  if (read.text.startsWith('#jinja2:'))
    throw refused([{ message: 'template: options of Jinja on the first line are not supported', origin }])
  // As Jinja reads a file, whatever ends its lines.
  const lines = read.text.replace(/\r\n?/g, '\n')
  const { text, secret } = renderTemplate(inventory, host, lines, origin, {
    ansible_managed: 'Ansible managed',
    ...values,
  })
  return { text, secret: secret || read.isSecret }
}
