import { command, quote, type Task } from 'rota'
import { containerFunction, containerPid, orRefuse } from '../lib/cluster/index.ts'
import { configInside, pod } from './manifest.ts'

/**
 * SIGUSR2 makes haproxy's master read its configuration and start a new worker; the old one ends with its last
 * connection.
 */
export const reloadText = `${containerFunction(pod)}
main=$( ${containerPid}
) || exit 0
kill -s USR2 "$main"`

/** The container may not run yet, or any more: it reads the file when it starts. */
export const reload: Task = command({ title: 'reload haproxy in its container', run: reloadText })

export const logText = `${containerFunction(pod)}
container && "$runtime" logs --tail 15 "$id" 2>&1`

/**
 * haproxy's own check of the new file, which lies beside the old one and so is seen in the container: by the container
 * that runs, or, with Docker, by the image. Where the runtime says that none runs, as on a host of containerd before
 * its first pod, no proxy has an old file that were to be protected; where no runtime says anything, an old file is not
 * replaced.
 */
export const validate = (image: string, configDir: string): string => `# haproxy -c, in the container
chmod 0644 %s
file=${configInside}/$(basename -- %s)
${containerFunction(pod)}
if container; then "$runtime" exec "$id" haproxy -c -f "$file"
elif docker version >/dev/null 2>&1; then
  docker run --rm --network none --entrypoint haproxy -v ${quote(`${configDir}:${configInside}:ro`)} ${quote(image)} -c -f "$file"
${orRefuse(`${configDir}/haproxy.cfg`)}
fi`
