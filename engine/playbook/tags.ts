/** What `--tags` and `--skip-tags` ask for. */
export interface TagSelection {
  readonly only: readonly string[]
  readonly skip: readonly string[]
}

/**
 * Whether something with these (accumulated) tags runs: Ansible's rules (playbook/taggable.py). `always` runs unless it
 * is skipped by name, `never` needs a match other than `all`; `tagged`, `untagged` and `all` are special.
 */
export function isSelected(own: readonly string[], { only, skip }: TagSelection): boolean {
  const tags = own.length > 0 ? own : ['untagged']
  const has = (wanted: readonly string[]) => tags.some(tag => wanted.includes(tag))
  const isTagged = !tags.includes('untagged')

  // Without `--tags` it is as with `--tags all`.
  const matches =
    tags.includes('always') ||
    ((only.length === 0 || only.includes('all')) && !tags.includes('never')) ||
    has(only) ||
    (only.includes('tagged') && isTagged && !tags.includes('never'))
  if (!matches) return false
  if (skip.length === 0) return true
  if (skip.includes('all')) return tags.includes('always') && !skip.includes('always')
  return !(has(skip) || (skip.includes('tagged') && isTagged))
}

/** Names that mean something without being declared. */
export const specialTags: readonly string[] = ['all', 'always', 'never', 'tagged', 'untagged']
