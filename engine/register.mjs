// Node strips types by itself from 22.18 on; before that tsx does it. Imported first, so that what follows may be TypeScript.
if (!process.features.typescript) {
  const { register } = await import('tsx/esm/api')
  register()
}
