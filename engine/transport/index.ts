/** A host as a process: ssh, local, docker, podman; the channel, login and its questions. */

export { openChannel } from './channel.ts'
export {
  AnswerError,
  type Become,
  type Channel,
  type Connection,
  type OpenChannel,
  type Transport,
  UnreachableError,
} from './types.ts'
