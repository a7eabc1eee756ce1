/** One identity as a directory or a file names it; what the console's `POST /v1/imports` takes. */
export interface FoundIdentity {
  /** For people: a line of the file, a name of the directory. */
  readonly ref: string;
  /** What never changes: by it the next import finds the machine again. */
  readonly stable: string;
  readonly name: string;
  readonly kind: 'service' | 'ci' | 'batch' | 'agent';
  /** Names of Persons or their `directoryIds`, the first one first. */
  readonly owners: readonly string[];
  readonly backupOwners: readonly string[];
  readonly facts: Facts;
  readonly binding: { readonly issuer: string; readonly audience: string | null; readonly claims: Readonly<Record<string, string | number | boolean>> } | null;
}

/** What a source says besides. A member that is left out is taken from the defaults. */
export interface Facts {
  readonly team?: string;
  readonly purpose?: string;
  readonly businessService?: string;
  readonly environment?: string;
  readonly criticality?: string;
  readonly groups?: readonly string[];
  readonly reviewBy?: string;
  readonly vendor?: string;
  readonly vendorContractEnd?: string;
}

/** What could not be read of a source; the rest of it is imported. */
export interface Trouble {
  readonly ref: string;
  readonly code: string;
  readonly say: string;
}

/** What a source gave. */
export interface Harvest {
  readonly found: readonly FoundIdentity[];
  readonly troubles: readonly Trouble[];
}
