/** One leaf of the ledger, as a sink's loop reads it. */
export interface StoredEvent {
  /** The exact stored bytes: what was hashed, and what anybody can check. Null when the ledger has them no more (retention): the leaf is still told. */
  readonly bytes: Uint8Array | null;
  /** Leaf index, from 0, without gaps. */
  readonly leaf: number;
  /** Disclosures of what the event conceals; what is not here stays concealed. */
  readonly openings?: readonly string[];
  /** When the ledger had stored it, milliseconds since 1970. */
  readonly receivedAt: number;
  /** Id of event `seq - 1` of the same chain, when the caller knows it: the bytes hold only that event's hash. */
  readonly previousId?: string;
  /** What the ledger noted of bytes that it has no more. */
  readonly noted?: { readonly id: string | null; readonly sha256: string | null };
  /** A checkpoint whose tree has this leaf. */
  readonly proof?: CheckpointRef;
}

export interface CheckpointRef {
  /** Origin line: log name and epoch. */
  readonly origin: string;
  readonly size: number;
  /** Root hash, base64, as the checkpoint has it. */
  readonly root: string;
}

/** A signed head of the log. No leaf: it stands behind the leaves that it covers. */
export interface SignedCheckpoint extends CheckpointRef {
  /** The C2SP signed note as it is: text, blank line, signature lines of the log and of witnesses. */
  readonly note: string;
  /** When it was made, milliseconds since 1970. */
  readonly signedAt: number;
}
