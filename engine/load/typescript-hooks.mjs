// @ts-check
// Runs in Node's thread for module hooks. Most playbooks import no TypeScript of their own, and tsx takes 0.14 s to
// load.

/** @type {unknown} */
let data
/** @type {any} */
let tsx
/** @type {Promise<void> | undefined} */
let loading

/** @param {unknown} given */
export function initialize(given) {
  data = given
}

/** Imports in this thread go through these hooks, too: until tsx is there they must not wait for it. */
async function loadTsx() {
  // @ts-expect-error tsx declares no types for the hooks it exports
  const hooks = await import('tsx/esm')
  await hooks.initialize(data)
  tsx = hooks
}

/** @param {string} specifier @param {object} context @param {Function} next */
export async function resolve(specifier, context, next) {
  if (!tsx && /\.[mc]?tsx?([?#]|$)/.test(specifier)) {
    loading ??= loadTsx()
    await loading
  }
  return tsx ? tsx.resolve(specifier, context, next) : next(specifier, context)
}

/** @param {string} url @param {object} context @param {Function} next */
export async function load(url, context, next) {
  return tsx ? tsx.load(url, context, next) : next(url, context)
}
