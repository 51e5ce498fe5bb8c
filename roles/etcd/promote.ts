import { facts, type Step, step } from 'rota'
import { isMemberOf } from './config.ts'
import { etcdctl, parseMembers } from './etcdctl.ts'
import { type JoinOptions, retried } from './join.ts'

/** Gives a learner its vote once it has caught up with the leader. */
export const promoteLearner = (options: JoinOptions): Step =>
  step({
    title: 'get a vote in the etcd cluster',
    facts: { status: facts.command({ run: etcdctl(options, 'endpoint', 'status', '-w', 'json') }) },
    needed: ({ status }) => isLearner(status.stdout) && 'this member is a learner',
    run: async ({ host, on }) => {
      const until = Date.now() + options.joinTimeout * 1000
      const isOwn = isMemberOf(host, options)
      for (const peer of options.members.filter(member => member.name !== host.name)) {
        // A learner can't list members: somebody else is asked.
        const list = await on(peer.name)`${etcdctl(options, 'member', 'list')}`.nothrow()
        const own = parseMembers(list.stdout).find(isOwn)
        if (list.exitCode !== 0 || own === undefined) continue
        if (own.learner)
          await retried(() => on(peer.name)`${etcdctl(options, 'member', 'promote', own.id)}`.nothrow(), until)
        return { summary: 'promoted' }
      }
      throw new Error('no other member of the etcd cluster answers')
    },
  })

export const isLearner = (status: string): boolean => /"isLearner":\s*true/.test(status)
