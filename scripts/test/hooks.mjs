// @ts-check
// Loaded before each test file. uvu ends quietly when a hook throws: the tests after it are neither run nor is a word
// said of it.
import { test } from 'uvu'

// Where tests run in GitHub Actions, what is tested is told nothing of it.
delete process.env.GITHUB_ACTIONS

/**
 * @type {(name: string, register: (handler: (context: any) => any) => void) => (handler: (context: any) => any) =>
 * void}
 */
const said = (name, register) => handler =>
  register(async context => {
    try {
      await handler(context)
    } catch (error) {
      console.error(`\nFAIL in ${name}: ${error instanceof Error ? error.stack : error}`)
      process.exitCode = 1
      throw error
    }
  })

/** Seconds from which on a test is named with its time, so that the gate's minutes can be found. */
const slow = 20
let begun = 0
test.before.each(() => {
  begun = Date.now()
})
test.after.each(context => {
  const seconds = (Date.now() - begun) / 1000
  if (seconds >= slow) console.log(`\nslow ${seconds.toFixed(0)} s: ${context.__test__}`)
})

for (const when of /** @type {const} */ (['before', 'after'])) {
  const each = said(`test.${when}.each`, test[when].each)
  test[when] = Object.assign(said(`test.${when}`, test[when]), { each })
}
