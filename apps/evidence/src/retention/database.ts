/** Views on what is kept how long. */
export type RetentionDatabase = {
  holds: {
    id: string; reason: string; session: string | null; machine: string | null; target: string | null; from_at: Date | null; to_at: Date | null; placed_by: string; placed_at: Date;
    release_by: string | null; release_at: Date | null; release_reason: string | null; released_by: string | null; released_at: Date | null;
  };
  erasures: { sid: string; reason: string; requested_by: string; requested_at: Date; confirmed_by: string | null; confirmed_at: Date | null; done_at: Date | null };
  sealing_keys: { id: string; class: string; day: string; kind: 'x25519' | 'aes256'; made_at: Date; destroyed_at: Date | null; event_id: string | null; due: string | null; quiet: string };
  deks: { event_id: string; sid: string; key_id: string; iv: Buffer; wrapped: Buffer };
  retention_classes: { class: string; days: number; effective_days: number };
  pruned_leaves: { from_leaf: string; to_leaf: string };
  session_openings: { sid: string; event_id: string; body: Buffer };
  ledger_absences: { at: string };
  session_absences: { sid: string; seq: string; at: string };
};
