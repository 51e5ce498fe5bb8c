import type { HostStory, Story } from './story.ts'

/** What is known of a play's hosts from the runs that a run goes on with. */
export interface Before {
  /** The run that was broken off last. */
  readonly run: string
  /** It was finished there, and nothing of it was owed. */
  readonly isDone: (play: PlayNamed, host: string) => boolean
  /** It was begun there and not finished: it may be out of service. */
  readonly isBegun: (play: PlayNamed, host: string) => boolean
}

/** Plays may share a name, and another version of a playbook may have another order: both have to be the same. */
export interface PlayNamed {
  readonly play: string
  readonly number: number
}

/** `stories`: the run, then the one that it went on with itself, and so on. What came later counts. */
export function beforeOf(stories: readonly [Story, ...Story[]]): Before {
  const known = new Map<string, 'done' | 'begun'>()
  for (const { plays } of stories)
    for (const play of plays)
      for (const host of play.hosts) {
        const how = isDone(host) ? 'done' : host.begun ? 'begun' : undefined
        if (how !== undefined && !known.has(keyOf(play, host.host))) known.set(keyOf(play, host.host), how)
      }
  return {
    run: stories[0].run,
    isDone: (play, host) => known.get(keyOf(play, host)) === 'done',
    isBegun: (play, host) => known.get(keyOf(play, host)) === 'begun',
  }
}

const keyOf = ({ play, number }: PlayNamed, host: string): string => JSON.stringify([number, play, host])

export const isDone = ({ outcome }: Pick<HostStory, 'outcome'>): boolean => outcome === 'ok' || outcome === 'changed'
