import { assert, computed, facts, type Task } from 'rota'
import { daemonNames } from '../daemons/daemons.ts'

/** A master whose daemons are units is not made one of kubeadm's by the way. */
export const noUnits = (): Task =>
  assert({
    that: 'no units of systemd are the daemons of this master',
    holds: computed(
      Object.fromEntries(daemonNames.map(name => [name, facts.unit({ name: `${name}.service` })])),
      units =>
        daemonNames
          .filter(name => units[name]?.type === 'unit' && units[name].activeState === 'active')
          .map(name => `${name}.service runs here: control_plane_method is binaries, set it to that`)
          .at(0),
    ),
  })
