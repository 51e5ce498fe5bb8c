/** What a gate saw: it holds, or what was expected and what was seen instead. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly expected: string; readonly saw: string }

/** The verdict of a gate that holds. */
export const holds: Verdict = { ok: true }
