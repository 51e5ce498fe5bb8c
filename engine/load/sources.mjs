// @ts-check
import { existsSync } from 'node:fs'

/** What was compiled when it was packed; there are no sources. */
export const isPackage = !existsSync(new URL('../index.ts', import.meta.url))

/**
 * Tests import single modules, and what is measured or debugged are the sources: a second copy of them would get in the
 * way.
 */
export const wantsSources = () =>
  'rotaSources' in globalThis || Boolean(process.env.ROTA_SOURCES) || process.env.NODE_V8_COVERAGE !== undefined
