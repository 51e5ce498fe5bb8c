/**
 * Milliseconds of processor time that this process has used. What a bound is held against: on a machine that others use
 * as well, the clock on the wall says how busy they are.
 */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
