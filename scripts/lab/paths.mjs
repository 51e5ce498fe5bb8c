// @ts-check
import { homedir } from 'node:os'
import { join } from 'node:path'

/** @type {(variable: string, fallback: string) => string} */
const base = (variable, fallback) => process.env[variable] || join(homedir(), fallback)

/** What is dear to make and belongs to no lab: Kubernetes, the engine's own files, the compiled prober. */
export const cacheDir = () => join(base('XDG_CACHE_HOME', '.cache'), 'rota-lab')

/**
 * What one lab owns: key, known_hosts, password, state.json.
 * @param {string} name
 */
export const stateDir = name => join(base('XDG_STATE_HOME', '.local/state'), 'rota-lab', name)
