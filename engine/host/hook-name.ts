/** Under which name a hook's `leave` is owed on a host. It is the hook's own: any play that has the hook pays it. */
export const hookName = (hook: string): string => `around/${hook}`.replace(/[^\w/.-]+/g, '-')

/** Is what is owed on a host a hook: has it been taken out of service and not been put back? */
export const isHook = (owed: string): boolean => owed.startsWith('around/')
