/** What the service's role may read: views. Everything is written by functions. */
export interface EvidenceDatabase {
  ledger_events: StoredEvent;
  session_events: StoredEvent & { sid: string; seq: string };
  sessions: SessionRecord;
  blobs: { event_id: string; ct_sha256: Buffer; bytes: Buffer };
  watermarks: { producer: string; epoch: string; contiguous: string; max_seen: string; last_seen: Date };
}

interface StoredEvent {
  at: string;
  event_id: string;
  received_at: Date;
  body: Buffer;
  sha256: Buffer;
}

interface SessionRecord {
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
