import { defineTask, facts, raw } from 'rota'

/**
 * A program that is not on the control machine: not yet, as long as nobody knows which hosts lack it, or not at all in
 * check mode, which fetches nothing.
 */
export const programToCome = defineTask<{ readonly path: string; readonly from?: string }>({
  name: 'file',
  title: ({ path }) => `file ${path}`,
  facts: ({ path }) => [facts.path({ path })],
  plan: ({ path, from }, found) => ({
    summary: `${facts.followed(found.get(facts.path({ path }))).type === 'file' ? 'is another one' : 'does not exist'}${from === undefined ? '' : `; it would be fetched from ${from}`}`,
    apply: raw('echo "it has not been fetched" >&2; exit 1'),
  }),
})
