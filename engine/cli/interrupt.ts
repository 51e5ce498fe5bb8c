/** Ctrl-C once: nothing new is started, what runs is finished. Twice: out at once. */
export function interruptible(say: (text: string) => void): {
  readonly signal: AbortSignal
  readonly done: () => void
} {
  const controller = new AbortController()
  const stop = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(130)
    say(`${name}: finishing what is running on the hosts, starting nothing new (again to leave at once)`)
    controller.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  process.on('SIGHUP', stop)
  return {
    signal: controller.signal,
    done: () => {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
      process.off('SIGHUP', stop)
    },
  }
}
