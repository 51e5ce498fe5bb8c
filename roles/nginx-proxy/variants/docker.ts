import { command, directory, file, flushHandlers, quote, service, systemdUnit } from 'rota'
import { imageIsMissed, isServed, listeningContent, makeWay } from '../../lib/cluster/index.ts'
import { confOf, listeningOf } from '../conf.ts'
import { dockerUnit } from '../docker-unit.ts'
import { type Contained, checkByImage, containerRunsItsConfiguration, reloadContainer } from '../in-container.ts'
import { chosenProxy, otherProxies } from '../listeners.ts'
import { nginxConf } from '../nginx.conf.ts'
import type { Settings } from '../settings.ts'
import type { Variant } from './variant.ts'

/**
 * nginx in a container that a unit keeps running (document 000). A new list of masters is a reload inside the
 * container.
 */
export const docker: Variant = {
  prefetch: ({ settings }) => [dockerImage(settings.image)],
  tasks: ({ settings, isSet, host, listing }) => {
    const { unit, image, config, dockerRestart, restartSeconds, configDir } = settings
    const content = dockerUnit({ name: unit, image, config, restart: dockerRestart, restartSeconds })
    return [
      dockerImage(image),
      directory({ path: configDir }),
      file({
        path: config,
        content: listeningContent(listing, listeningOf(settings, host, isSet), (listed, listen) =>
          nginxConf({ ...confOf(settings, host), listen }, listed),
        ),
        mode: '0644',
        validate: checkByImage(contained(settings)),
        notify: 'reload',
      }),
      systemdUnit({ name: `${unit}.service`, content, notify: 'restart' }),
      makeWay(settings.port, otherProxies(settings, chosenProxy(settings))),
      flushHandlers(),
      service({ name: unit, enabled: true, running: true }),
      isServed(settings),
      containerRunsItsConfiguration(contained(settings)),
    ]
  },
  handlers: settings => ({
    restart: service.restart(settings.unit),
    reload: reloadContainer(contained(settings)),
  }),
}

/** Fetched before anything is changed: the unit gives the container 30 s to start. */
const dockerImage = (image: string) =>
  command({
    title: `image ${image}`,
    why: 'Docker does not have it',
    unless: `docker image inspect ${quote(image)} >/dev/null`,
    run: `command -v docker >/dev/null || { echo 'Docker is not installed on this host: this set-up runs nginx in it' >&2; exit 1; }
docker pull -q ${quote(image)} || ${imageIsMissed(image)}`,
  })

const contained = ({ unit, image, config }: Settings): Contained => ({
  name: unit,
  ref: { docker: unit },
  image,
  config,
})
