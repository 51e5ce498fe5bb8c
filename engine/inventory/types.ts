import type { Origin, Problem } from '../failure/index.ts'
import type { Node } from '../python/index.ts'

/** A value of a variable for one host, with where it came from and what it overrode. */
export interface Variable {
  /** Plain data. Text with `{{ }}` is as written: `resolveVar` evaluates it. Reading a vaulted value decrypts it. */
  readonly value: unknown
  readonly origin: Origin
  /** What set it: `group_vars/all`, `host_vars/a`, `inventory group [web:vars]`, `inventory host a`, `extra vars`. */
  readonly source: string
  /**
   * How strong it is beside the host's other variables, by Ansible's precedence: of two names for the same thing the
   * one of the higher rank wins. Those that one place gives (a file, a section, a line, all extra variables) have the
   * same.
   */
  readonly rank: number
  /** True when the value, or a part of it, came out of a vault. */
  readonly secret?: boolean
  /** The whole file was vaulted, so that `node` holds the secret in clear. */
  readonly fromVault?: boolean
  readonly overrides?: Variable | undefined
  /** The origin of a nested value; its nearest known ancestor's when the path leads nowhere. */
  readonly locate: (path: readonly (string | number)[]) => Origin
  /** The value as read, with Python's types and the positions of its parts. */
  readonly node?: Node
}

export interface Host {
  readonly name: string
  /** Where the inventory names it first. */
  readonly origin: Origin
  /** Every group it is in, ancestors included, sorted, without `all` (Ansible's `group_names`). */
  readonly groups: readonly string[]
  /** The variables in effect, by Ansible's precedence. Computed when first read. */
  readonly vars: ReadonlyMap<string, Variable>
  /** `ansible_port` in effect, when it is a plain number. */
  readonly port?: number | undefined
}

export interface Group {
  readonly name: string
  /** Direct members, in order. */
  readonly hosts: readonly string[]
  readonly children: readonly string[]
  readonly parents: readonly string[]
  /** `[name:vars]` and their like, group_vars, and what overrode what; without the parents' variables. */
  readonly vars: ReadonlyMap<string, Variable>
  readonly priority: number
}

/** Variables that count for every host where the inventory says nothing. */
export interface Defaults {
  /** Whose they are, for messages: `theirs 2.28`. */
  readonly label: string
  readonly names: ReadonlySet<string>
  /** Those that only templates are given. */
  readonly forTemplates: ReadonlySet<string>
  /** As they are named in origins. */
  readonly files: ReadonlySet<string>
  /** Throws a refusal where it can't be read. */
  readonly get: (name: string) => Variable | undefined
}

/** Which variables give a host its addresses where its cluster speaks IPv6 alone; the first that is set counts. */
export interface AddressRule {
  /** A variable: where it is false, the host has no IPv4 address that counts. */
  readonly unless: string
  /** Of the address that other hosts use. */
  readonly shared: readonly string[]
  /** Of the one that the host itself binds. */
  readonly own: readonly string[]
}

export interface Inventory {
  /** In the order in which the sources name them first. */
  readonly hosts: ReadonlyMap<string, Host>
  readonly groups: ReadonlyMap<string, Group>
  readonly sources: readonly string[]
  /** Absolute, as Ansible's `inventory_dir`: the first source, or the directory it is in. */
  readonly dir: string
  /** Absolute, as Ansible's `playbook_dir`. */
  readonly playbookDir?: string
  /**
   * A file of the control machine for a `lookup`: undefined where there is none. Throws a refusal when it can't
   * be read.
   */
  readonly readText: (path: string) => { readonly text: string; readonly isSecret: boolean } | undefined
  readonly warnings: readonly string[]
  /** Members of the group and of its descendants, in the order of Ansible's pattern. Unknown group: none. */
  hostsOf(group: string): readonly Host[]
  /** Told of every secret when it is read, and of every value that a template has made of one. */
  readonly onSecret?: (value: unknown) => void
  /**
   * Probed facts of a host under Ansible's names; undefined as long as it has not been asked. Called when a template
   * needs one.
   */
  readonly factsOf?: (host: string) => Readonly<Record<string, unknown>> | undefined
  /** Weaker than all variables of hosts and groups. None of them is in `Host.vars`. */
  readonly defaults?: Defaults
  /** Told of a default that was asked for on a host and can't be evaluated there: it counts as not set. */
  readonly onUnset?: (name: string, host: string, why: Problem) => void
  /** See `InventoryRules.completes`. */
  readonly completes?: Readonly<Record<string, Completes>> | undefined
  /** Told of each value that was completed, and how. */
  readonly onCompleted?: (how: string) => void
  /** See `InventoryRules.jumpHosts`: those that there are. */
  readonly jumpHosts?: readonly Host[]
  /** See `InventoryRules.addresses`. */
  readonly addresses?: AddressRule
  /** What `localhost` means when the inventory does not name it: this machine, with the variables of `all`. */
  implicitHost(name: string): Host
}

/**
 * What a text of which a part is left out means (`1.33`: its newest patch), and how that is known, in words; undefined
 * where nothing is left out, or nobody knows. `of` gives other variables of the host.
 */
export type Completes = (
  text: string,
  of: (name: string) => unknown,
) => { readonly text: string; readonly how: string } | undefined

/** One assignment as a file made it, before any precedence. */
export interface Setting {
  readonly name: string
  readonly node: Node
  readonly file: string
  readonly source: string
  /** The whole file was vaulted. */
  readonly secret?: boolean
}

/** What an inventory source says, in order; every format is read into these and one assembler replays them. */
export type Statement =
  | { readonly kind: 'group'; readonly name: string; readonly at: Origin }
  | { readonly kind: 'child'; readonly parent: string; readonly child: string; readonly at: Origin }
  | {
      readonly kind: 'hosts'
      readonly names: readonly string[]
      readonly group?: string
      readonly port?: number | undefined
      readonly at: Origin
      /** Lazy: with thousands of hosts most variables are never looked at. */
      readonly settings: () => readonly Setting[]
    }
  | { readonly kind: 'var'; readonly owner: string; readonly setting: Setting }

export interface Reading {
  readonly statements: readonly Statement[]
  readonly problems: readonly Problem[]
  readonly warnings: readonly string[]
}
