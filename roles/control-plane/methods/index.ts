import type { Params } from '../daemons.ts'
import { binaries } from './binaries.ts'
import type { Method } from './method.ts'

/** The methods by the value of the param. */
export const methods: Readonly<Record<Params['method'], Method>> = { binaries }
