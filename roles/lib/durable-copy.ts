/**
 * Shell words that copy a program: `${durableCopy} if=FROM of=TO`. It is on the disk before it gets its name by a
 * rename, and every 4 MiB on the way: an fsync of etcd beside it never waits for all of a large file.
 */
export const durableCopy = 'dd bs=4M oflag=dsync status=none'
