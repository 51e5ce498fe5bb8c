import { test } from 'uvu'

/** A test that `scripts/test.mjs --whole` runs, and `npm test` skips for the minutes that it takes. */
export const whole = process.env.ROTA_WHOLE === undefined ? test.skip : test
