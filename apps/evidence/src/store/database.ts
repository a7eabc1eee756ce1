/** What the service's role may read: views. Everything is written by functions. */
export interface EvidenceDatabase {
  ledger_events: StoredEvent;
  session_events: StoredEvent & { sid: string; seq: string };
  sessions: SessionRecord;
  session_counts: { scope: number; machine: string; target: string; day: Date; state: string; n: string };
  blobs: { event_id: string; ct_sha256: Buffer; bytes: Buffer };
  log_leaves: { at: string; hash: Buffer; event_id: string };
  log_nodes: { level: number; index: string; hash: Buffer };
  log_states: { size: string; frontier: Buffer };
  log_epochs: { epoch: number; origin: string; opened_at: Date; why: string; lost_size: string | null; lost_root: Buffer | null };
  log_key_rotations: { n: number; old: string; new: string; note: string; made_at: Date };
  checkpoint_timestamps: { epoch: number; size: string; authority: string; gen_time: Date; token: Buffer };
  checkpoints: { epoch: number; size: string; root: Buffer; made_at: Date; note: string | null };
  watermarks: { producer: string; epoch: string; contiguous: string; max_seen: string; last_seen: Date };
}

interface StoredEvent {
  at: string;
  event_id: string;
  received_at: Date;
  body: Buffer;
  sha256: Buffer;
}

export interface SessionRecord {
  sid: string;
  state: 'open' | 'closed' | 'refused' | 'abandoned';
  machine: string;
  target: string;
  protocol: string;
  opened: Date;
  closed: Date | null;
  ended: string | null;
  commands: string;
  denied: string;
  held: string;
  rows: string;
  bytes: string;
  last_seq: string;
}
