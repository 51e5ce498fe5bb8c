import { passwordsIn, shownValue, withoutUsers } from '../shell/index.ts'
import { isWebUrl, keepsSecrets, shownUrl } from '../web/index.ts'

/** What a gate that asks a URL says of it. */
export interface GateUrl {
  /** As it may be shown. */
  readonly shown: string
  /** The token, and the URL's password. */
  readonly secrets: readonly string[]
  readonly wrong: readonly string[]
}

/** The URL of a gate, with the token that is sent to it. None of its secrets goes by plain http to another machine. */
export function gateUrl(url: string, token: string | undefined): GateUrl {
  const passwords = passwordsIn(url)
  const secrets = [...(token === undefined ? [] : [token]), ...passwords]
  if (!isWebUrl(url)) return { shown: withoutUsers(url), secrets, wrong: [`${shownValue(url)} is no http(s) URL`] }
  const plain = keepsSecrets(url)
    ? []
    : [...(token === undefined ? [] : ['token']), ...(passwords.length > 0 ? ['password'] : [])]
  return { shown: shownUrl(url), secrets, wrong: plain.map(what => `its ${what} would be sent by plain http`) }
}
