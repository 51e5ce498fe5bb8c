/** A few of them; how many more there are. */
export const list = (words: readonly string[], most = 5): string =>
  words.length <= most ? words.join(', ') : `${words.slice(0, most).join(', ')} and ${words.length - most} more`
