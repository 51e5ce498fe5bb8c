/**
 * Shell function `within SECONDS COMMAND…`: runs a command for at most so long; without `timeout` on the host, for as
 * long as it takes.
 */
export const within = `within() {
  if command -v timeout >/dev/null 2>&1; then timeout "$@"; else shift; "$@"; fi
}`
