import { dirname } from 'node:path'
import { command, quote, type Task } from 'rota'
import { type ContainerRef, containerFunction, orRefuse, runsItsConfiguration } from '../lib/cluster/index.ts'

/** nginx in a container that sees the folder of its configuration as /etc/nginx. */
export interface Contained {
  /** In words, for the operator. */
  readonly name: string
  readonly ref: ContainerRef
  readonly image: string
  /** On the host. */
  readonly config: string
}

/** Shell command that checks a configuration (`%s`, a file beside the real one) with the image's own nginx. */
export const checkByImage = ({ image, config }: Contained): string =>
  // The host's network: with none of its own, nginx could neither look up a master's name nor listen on an address of
  // the host.
  `docker run --rm --net=host --entrypoint nginx -v ${quote(`${dirname(config)}:/etc/nginx:ro`)} ${quote(image)} -t -q -c "/etc/nginx/$(basename -- %s)"`

/**
 * The same in the container that runs, whichever runtime has it. Where none runs yet, and no Docker is there to run
 * one, the first configuration is checked by its start alone: no proxy has one that it would replace. Where no runtime
 * says anything, one that is there is not replaced.
 */
export const checkInContainer = (contained: Contained): string => `# nginx -t in the container of ${contained.name}
${containerFunction(contained.ref)}
if container; then "$runtime" exec "$id" nginx -t -q -c "/etc/nginx/$(basename -- %s)"
elif docker version >/dev/null 2>&1; then ${checkByImage(contained)}
${orRefuse(contained.config)}
fi`

/** Shell text that reloads nginx. One that has just been started may have no PID file yet. */
const reloadText = ({ ref }: Contained): string => `${containerFunction(ref)}
container || { echo 'the container does not run: nothing to reload'; exit 0; }
for try in 1 2 3 4 5 6 7 8 9 10; do
  ! "$runtime" exec "$id" nginx -s reload || exit 0
  sleep 0.5
done
exit 1`

/** A handler: the container is not restarted, connections that are open go on. */
export const reloadContainer = (contained: Contained): Task =>
  command({ title: `reload ${contained.name} in its container`, run: reloadText(contained) })

export const containerRunsItsConfiguration = (contained: Contained): Task =>
  runsItsConfiguration({
    name: contained.name,
    config: contained.config,
    daemon: { container: contained.ref },
    reload: reloadText(contained),
    log: `${containerFunction(contained.ref)}
container && "$runtime" logs --tail 15 "$id" 2>&1 || echo 'its container does not run'`,
  })
