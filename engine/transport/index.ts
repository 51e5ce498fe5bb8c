/** A host as a process: ssh, local, docker, podman; the channel, login and its questions. */

export { openChannel } from './channel.ts'
export { type LastingChannel, lastingChannel } from './lasting.ts'
export type {
  Become,
  Channel,
  Connection,
  OpenChannel,
  SshTransport,
  Transport,
} from './types.ts'
