export interface Spot {
  readonly lineno: number
  readonly colno: number
}

/** What a template can't do, at a place inside it. */
export class TemplateError extends Error {
  readonly at: Spot

  constructor(message: string, at: Spot) {
    super(message)
    this.at = at
  }
}

/** What a filter, test or method can't do with its input; it does not know its place. */
export class FilterError extends Error {}

export function fail(message: string, node: Spot): never {
  throw new TemplateError(message, node)
}

/** Gives the error of a filter its place. */
export function guard<T>(node: Spot, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (error instanceof FilterError) return fail(error.message, node)
    throw error
  }
}
