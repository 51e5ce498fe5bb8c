import { type HostView, type Step, step } from 'rota'

/** Somebody else's member is not taken out by surprise, nor forgotten. */
export const staysMember = (member: HostView): Step =>
  step({
    title: `the etcd member of ${member.name}`,
    run: async ({ say }) => {
      say(
        `the etcd member of ${member.name}, if it has one, is left as it is (etcd_deployment_type: external): remove it by hand`,
      )
      return { changed: false }
    },
  })
