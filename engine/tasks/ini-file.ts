import { stateProblems } from './checks.ts'
import { type EditOptions, planEdit } from './edit.ts'
import { editOption } from './edit-option.ts'
import { checkInstall, editFacts } from './install.ts'
import { opensByEdit } from './secret.ts'
import { defineTask } from './task.ts'

export interface IniFileArgs extends EditOptions {
  /** Without the brackets. Left out: what stands before the first section. */
  readonly section?: string
  /** Left out: the section itself is to be there, or to go with all that is in it. */
  readonly option?: string
  /** Left out: the option stands alone on its line, as `skip-networking` of my.cnf. */
  readonly value?: string | number
  /** Default present. */
  readonly state?: 'present' | 'absent'
  /** `option=value` instead of `option = value`. Default false. */
  readonly noExtraSpaces?: boolean
}

/**
 * One option in a section of an INI file that others write too. It has one value afterwards: other lines that set it
 * go. One that is only there commented out takes effect in its place. A section that is missing comes at the end.
 *
 * Facts: one path with its content. A change: the text, the mode or the owner differs. Refused: the file is missing
 * (without `create`), not UTF-8, or larger than 1 MiB. Source: Ansible's `community.general.ini_file`, which makes a
 * missing file unless `create: false`.
 */
export const iniFile = defineTask<IniFileArgs>({
  name: 'iniFile',
  // The file is edited here and sent as a whole.
  unseen: ['value'],
  opens: (args, isSecret) => opensByEdit(args, args.value === undefined ? undefined : String(args.value), isSecret),
  title: args =>
    `${args.option ?? 'section'} in ${args.path}${args.section === undefined ? '' : ` [${args.section}]`}${args.state === 'absent' ? ' absent' : ''}`,
  check: args => [
    ...stateProblems(args.state),
    ...checkInstall(args),
    ...(args.section === undefined && args.option === undefined ? ['section or option is needed'] : []),
    ...(args.section !== undefined && (args.section.trim() === '' || /[\]\r\n]/.test(args.section))
      ? [`section: ${JSON.stringify(args.section)} can't be the name of a section`]
      : []),
    ...(args.option !== undefined && (!/^[^\s=#;[]/.test(args.option) || /[=\r\n]|\s$/.test(args.option))
      ? [`option: ${JSON.stringify(args.option)} can't be the name of an option`]
      : []),
    ...(/[\r\n]/.test(String(args.value ?? '')) ? ['value: must be one line'] : []),
    ...(args.value !== undefined && args.option === undefined ? ['value: needs option'] : []),
  ],
  facts: args => editFacts(args.path),
  plan: (args, facts, context) => {
    const { section, option, value, noExtraSpaces, state = 'present' } = args
    const edit = { state, section, option, noExtraSpaces, value: value === undefined ? undefined : String(value) }
    return planEdit(args, facts, context, text => ({ text: editOption(text, edit) }), state === 'absent')
  },
})
