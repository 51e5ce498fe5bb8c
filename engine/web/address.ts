/** A URL as it may be shown: without who asks, and without what may let somebody in (signed links). */
export function shownUrl(url: string | URL): string {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}

/** An http(s) URL. */
export const isWebUrl = (text: string): boolean => /^https?:\/\/[^\s/]/i.test(text) && URL.canParse(text)

/** What is sent to an http(s) URL is read by nobody on the way: by https, or on this machine. */
export function keepsSecrets(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return (
    protocol === 'https:' || hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
  )
}
