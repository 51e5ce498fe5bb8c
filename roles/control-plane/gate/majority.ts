/**
 * How many of `total` masters must serve at any time (`keepAvailable`). More than half of three or more: their etcd
 * members need that majority, and it is always the stricter of the two. Of two masters one must stay: half a quorum is
 * none, but asking for both would mean that they can never be upgraded. A single master has nobody to stand in for it.
 */
export const majority = (total: number): number => (total <= 2 ? Math.max(0, total - 1) : Math.floor(total / 2) + 1)
