import type { Origin, Problem } from '../failure/index.ts'

interface Where {
  readonly origin: Origin
  readonly role: string
  readonly host: string
}

/** What roles find wrong, said once: the same finding of several roles and hosts is one thing to mend. */
export function sameProblems(): {
  readonly add: (message: string, where: Where) => void
  readonly problems: () => readonly Problem[]
} {
  const found = new Map<string, Where[]>()
  return {
    add: (message, where) => {
      const known = found.get(message)
      if (known) known.push(where)
      else found.set(message, [where])
    },
    problems: () =>
      [...found].map(([message, where]) => {
        const roles = [...new Set(where.map(({ role }) => role))]
        const hosts = [...new Set(where.map(({ host }) => host))]
        const on = hosts.length > 3 ? `${hosts.length} hosts` : hosts.join(', ')
        const [first] = where
        const text = `${message} (${roles.length > 1 ? 'roles' : 'role'} ${roles.join(', ')}; ${on})`
        return { message: text, ...(first ? { origin: first.origin } : {}) }
      }),
  }
}
