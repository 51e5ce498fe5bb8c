/**
 * Whether a question asks for the password that one has: not for a new one, a code, a key's passphrase. The words come
 * from PAM or from ssh, after `(user@host) ` in newer ones; a name in them must not be taken for a word of the
 * question.
 */
export function asksForPassword(question: string): boolean {
  if (question.length > longest) return false
  if (/^[^\s@]*@\S*'s password: ?$/.test(question)) return true
  const words = question.replace(/^\([^\s()]*@[^\s()]*\) /, '')
  return /\b(password|first factor)\b[^:]*: ?$/i.test(words) && !otherSecret.test(words)
}

/** Who asks may be hostile: nothing is looked at that takes long. */
const longest = 500

const otherSecret =
  /\b(new|old|current|retype|repeat|confirm|one.?time|temporary|otp)\b.*password|password.*\b(again|otp|token|code)\b|pass(phrase|code)|verification/i

/** What was said last, when no line feed follows it: a question that waits for its answer. */
export const openQuestion = (said: string): string => said.slice(said.lastIndexOf('\n') + 1).trim()
