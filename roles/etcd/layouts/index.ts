import type { SeenMembers } from '../kubespray/seen.ts'
import { kubespray } from './kubespray.ts'
import type { Layout } from './layout.ts'
import { own } from './own.ts'

/**
 * The layout of the cluster: kubespray's where any host of the group has it, so that a new member beside one of theirs
 * is made as theirs.
 */
export const layoutOf = ({ members, unclear }: SeenMembers): Layout =>
  members.size > 0 || unclear.length > 0 ? kubespray : own
