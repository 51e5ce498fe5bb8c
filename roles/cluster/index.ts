export * from './address.ts'
export * from './masters.ts'
export * from './version.ts'
