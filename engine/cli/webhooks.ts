import { readFileSync } from 'node:fs'
import { messageOf, type Problem, refused } from '../failure/index.ts'
import type { Redactor } from '../secrets/index.ts'
import { isWebUrl, keepsSecrets } from '../web/index.ts'

/**
 * The URLs that are given, or stand in the files that are given. They let somebody in, so they are said nowhere: not in
 * what is wrong with them either. Throws where one is none, before any host is touched.
 */
export function webhooks(given: readonly string[], redactor: Redactor): readonly string[] {
  const read = given.map(urlIn)
  const problems = read.flatMap((one): readonly Problem[] => ('problem' in one ? [one.problem] : []))
  if (problems.length > 0) throw refused(problems)
  const urls = read.flatMap(one => ('url' in one ? [one.url] : []))
  redactor.hide(urls.flatMap(secretsIn))
  return urls
}

function urlIn(given: string, index: number): { readonly url: string } | { readonly problem: Problem } {
  const which = given.startsWith('@') ? `--notify ${given}` : `--notify, number ${index + 1}`
  const wrong = (message: string, hint?: string) => ({
    problem: { message: `${which}: ${message}`, ...(hint === undefined ? {} : { hint }) },
  })
  let url = given
  if (given.startsWith('@'))
    try {
      url = readFileSync(given.slice(1), 'utf8').trim()
    } catch (error) {
      return wrong(`it can't be read: ${messageOf(error)}`)
    }
  if (!isWebUrl(url) || /\s/.test(url)) return wrong('this is no http(s) URL')
  const { username, password } = new URL(url)
  if ((username !== '' || password !== '') && !keepsSecrets(url))
    return wrong('a password goes by https, or to this machine')
  return { url }
}

/** A path or a query of this length is none that somebody guesses. */
const longEnough = 16

function secretsIn(url: string): readonly string[] {
  const { username, password, pathname, search, searchParams } = new URL(url)
  const long = [...pathname.split('/'), ...searchParams.values(), pathname, `${pathname}${search}`].filter(
    text => text.length >= longEnough,
  )
  return [url, ...[username, password].filter(text => text !== '').flatMap(text => [text, unescaped(text)]), ...long]
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
