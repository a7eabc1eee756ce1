/** What is known of the shell at a target that is given the command of an exec request. */
export interface ShellSettings {
  /**
   * The account's login shell. `bash`: it is Bash 4 or later. `sh`: any shell of the POSIX family (dash, BusyBox, Bash): where these would read a
   * text differently, it is not understood. `other` (zsh, fish, csh, a restricted one): nothing is.
   */
  readonly shell: Dialect | 'other';
  /** The account's home directory, absolute, or null when it is not known: its paths are then named `~/…`. */
  readonly home: string | null;
  /** Longest command that is read, in bytes of UTF-8. */
  readonly maxBytes: number;
}

/** How a text is read: as Bash does, or only where all shells of the POSIX family agree. */
export type Dialect = 'bash' | 'sh';

export const defaultShellSettings: ShellSettings = Object.freeze({ shell: 'sh', home: null, maxBytes: 64 * 1024 });
