// @ts-check

/** An ssh that knows nothing but this. @param {{ key: string, knownHosts: string, port: number }} login */
export const plainSsh = ({ key, knownHosts, port }) => [
  ...['ssh', '-F', 'none', '-i', key, '-p', String(port)],
  ...['-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'BatchMode=yes'],
]
