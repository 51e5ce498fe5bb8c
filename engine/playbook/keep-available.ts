/** How many hosts must serve at any time, given how many there are. */
export type AtLeast = (total: number) => number
