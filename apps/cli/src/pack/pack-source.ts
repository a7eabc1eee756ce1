/** Where a pack's content comes from. Leaves count from 0. */
export interface PackSource {
  /** The newest signed checkpoint, or the newest that is not larger than `most`; with `stamped`, of those that an authority has seen. Null: there is none. */
  checkpoint(most: number | null, how?: 'stamped'): Promise<LogCheckpoint | null>;
  /** A tile of the log: 32 bytes for each of `width` hashes. */
  tile(level: number, index: number, width: number): Promise<Uint8Array>;
  /** Up to `limit` leaves from `from` on, in order, without a gap. */
  leaves(from: number, limit: number): Promise<readonly (StoredLeaf | GoneLeaf)[]>;
  /** A version of the policy set; null where it is not kept any more. */
  policy(version: number): Promise<PolicyText | null>;
  /** Records the export as evidence and signs for it by the log's key; the signed note comes back. No record, no signature. */
  sign(exported: Exported): Promise<string>;
}

export interface LogCheckpoint {
  readonly note: string;
  readonly origin: string;
  readonly size: number;
  /** vkey of the log, as the console tells it: the newest. */
  readonly key: string;
  /** Statements that each key of the log followed another. None where there was one key only. */
  readonly rotations?: readonly string[];
  /** RFC 3161 tokens (DER). */
  readonly timestamps: readonly { readonly authority: string; readonly token: Uint8Array }[];
}

export interface StoredLeaf {
  readonly leaf: number;
  /** RFC 3339: when the ledger took it. */
  readonly received: string;
  readonly bytes: Uint8Array;
  /** Disclosures of what the event conceals, as far as whoever asks may see it. */
  readonly openings: readonly string[];
}

/** A leaf whose event the ledger has no more: by policy, or not. */
export interface GoneLeaf {
  readonly leaf: number;
  /** When the ledger took the next leaf that it has: of this one it does not know any more. */
  readonly received: string;
  readonly gone: 'purged' | 'missing';
}

export interface PolicyText {
  readonly version: number;
  readonly digest: string;
  readonly files: readonly { readonly name: string; readonly text: string }[];
}

/** What is told of an export. */
export interface Exported {
  readonly origin: string;
  /** Hex SHA-256 of the manifest's bytes. */
  readonly manifest: string;
  readonly scope: string;
  /** Leaves [from, to). */
  readonly from: number;
  readonly to: number;
  /** Events that are shown. */
  readonly count: number;
}
