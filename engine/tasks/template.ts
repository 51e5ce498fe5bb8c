import { type FileArgs, file } from './file.ts'
import type { InstallOptions } from './install.ts'
import type { Task, TaskOptions } from './task.ts'

export interface TemplateArgs extends InstallOptions {
  /** Jinja file on the control machine. */
  readonly source: string
  /** The host whose variables, facts and groups it sees: `host` of what a role's tasks are told. */
  readonly host: Renders
  /** Beside its variables; these come first. */
  readonly values?: Readonly<Record<string, unknown>>
}

/** What can render a file. */
export interface Renders {
  readonly render: (
    file: string,
    values?: Readonly<Record<string, unknown>>,
  ) => { readonly text: string; readonly secret: boolean }
}

/**
 * A `file` whose content is a Jinja file, rendered by Rota's own engine with the variables of the host. It is a secret
 * where the template reads one. For a template that is a TypeScript function there is `file`.
 *
 * Rendered when the tasks are made: what is wrong with it is said with its line before any host is touched. There is
 * what inventories may use (filters, tests, loops, `{% set %}`, lookups of files); `{% include %}`, `{% import %}` and
 * macros are refused. Lines end as Ansible's `trim_blocks` has them. Source: Ansible's `template`.
 */
export const template = ({ source, host, values, ...rest }: TemplateArgs & TaskOptions): Task => {
  const { text, secret } = host.render(source, values)
  const args: FileArgs & TaskOptions = {
    title: `template ${rest.path}`,
    ...rest,
    ...(secret && rest.secret === undefined ? { secret } : {}),
    content: text,
  }
  return file(args)
}
