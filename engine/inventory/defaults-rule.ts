/** Where the defaults of somebody else's roles are found, and what they are. */
export interface DefaultsRule {
  /** What a folder must be: `checkout of theirs`. */
  readonly what: string
  /** `--FLAG DIR`; the strongest way to name the folder. */
  readonly flag: string
  /** Of the flag, for `--help`. */
  readonly description: string
  /** A variable of the inventory that names it, the same for all hosts; relative to the inventory's own folder. */
  readonly variable: string
  /** A variable of the environment. */
  readonly environment: string
  /**
   * Named nowhere, it is looked for: a folder that the inventory lies in, or one of this name beside those.
   */
  readonly beside: string
  /** What a folder holds; undefined where it is nothing of the kind. */
  readonly look: (folder: DefaultsFolder) => DefaultsFound | undefined
  /** Where there is no folder: a version that the inventory names, of which enough is known to do without. */
  readonly version?: DefaultsVersion
}

/** A version that needs no folder. */
export interface DefaultsVersion {
  /** A variable of the inventory, the same for all hosts. */
  readonly variable: string
  /** What is known of a version; its files have absolute paths. */
  readonly look: (version: string) => DefaultsFound
  /** Where nothing names one either: hosts are asked. */
  readonly onHosts?: VersionOnHosts
}

/** A version that is told by what stands on hosts. */
export interface VersionOnHosts {
  /** What would name the version. */
  readonly variable: string
  /** Its hosts are asked, all at once. */
  readonly group: string
  /** Shell that prints what tells it and changes nothing; `value` is a variable of the host that is asked. */
  readonly script: (value: (name: string) => string | undefined) => string
  /**
   * Of what each host printed, in the inventory's order; undefined where nothing of the kind stands there. The label
   * says which hosts and files told it.
   */
  readonly look: (printed: ReadonlyMap<string, string>) => DefaultsFound | undefined
}

/** Paths are relative to it, with `/`. */
export interface DefaultsFolder {
  readonly read: (path: string) => string | undefined
  /** Names in a folder of it, sorted; none where there is no such folder. */
  readonly list: (path: string) => readonly string[]
}

/** What `look` has found. */
export interface DefaultsFound {
  /** What it is, with its version, for people. */
  readonly label: string
  /** A named `2.28` means each that is it or begins with `2.28.`. */
  readonly version: string
  /** Why it can't be used, if it can't. */
  readonly wrong?: string
  /** Of two that have a name, the last counts. */
  readonly files: readonly string[]
  /** Files whose names have no value: it is not known which. */
  readonly without?: readonly string[]
  /**
   * Names that mean something else to roles here: templates have them, nobody is given them as a value of that name.
   */
  readonly forTemplates?: readonly string[]
}
