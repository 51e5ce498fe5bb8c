// Node strips types by itself from 22.18 on; before that tsx does it. Imported first, so that what follows may be
// TypeScript: the sources as they are, not what engine/load has made of them.
globalThis.rotaSources = true
if (!process.features.typescript) {
  const { register } = await import('tsx/esm/api')
  register()
}
