/**
 * Every kind of evidence event with its data, so that none can be written that is not declared here.
 * No field may hold personal data, literals, credentials or tokens: those go to encrypted blobs.
 */
export interface EventData {
  // --- who came
  'auth.ok': { binding: string; issuer: string; claims: Record<string, string>; source: string; expires: string; micros: number; door: string; session: string | null };
  'auth.failed': { code: string; say: string; issuer: string | null; claims: Record<string, string>; source: string; micros: number; door: string; session: string | null };
  'auth.replay': { binding: string; jti: string; source: string; first_source: string; door: string; session: string | null };

  // --- credentials that we give ourselves; never the credential
  /**
   * A token was exchanged for a ticket or an SSH user certificate, whose `id` is the `jti` of whoever comes with it. `targets` are `[role@]target`; `key` the key that it is
   * bound to (`ssh:SHA256:…`, `x5t#S256:…`, `jkt:…`); `uses` how often it may be used, null for any number; `sources` the addresses that it may come from, empty for any;
   * `act` on whose behalf, as the token said.
   */
  'token.exchanged': {
    kind: 'ticket' | 'ssh-certificate'; id: string; serial: string | null; binding: string; targets: readonly string[]; key: string | null; uses: number | null;
    sources: readonly string[]; extensions: readonly string[]; act: readonly string[]; expires: string; source: string; behalf?: string;
  };
  /** A genuine token, and yet no exchange: what was asked for is not given. */
  'token.refused': { code: string; say: string; binding: string; source: string };
  /** What a machine had in hand works no more. `ids` are the first hundred of `count`. */
  'token.revoked': { machine: string; ids: readonly string[]; count: number; why: string };
  /** An SSH certificate for a gateway's host key, or for one login of a session at a target. `key` is the certified key's fingerprint. */
  'ssh.certified': { kind: 'host' | 'login'; serial: string; key: string; principals: readonly string[]; gateway: string | null; session: string | null; machine: string | null; target: string | null; expires: string };

  // --- a session
  /** `behalf`: `person:alice` or `machine:x`, where the machine acts on somebody's behalf. */
  'session.opened': { protocol: string; role: string | null; source: string; client: string | null; evidence: string; lease: string; policy: number; mask_plan: string | null; key: WrappedKey; behalf?: string };
  'session.refused': { protocol: string; target: string; code: string; say: string; source: string };
  /**
   * The last event of its chain: `final_seq` is its own seq, `head` its own prev, said again inside the data. A producer with an instance key adds the
   * members of `SignedEnd` behind these.
   */
  'session.closed': { final_seq: number; head: string; by: string; why: string; commands: number; denied: number; held: number; rows: number; bytes: number };
  /** Written by the ingester when a producer's epoch ended without closing this session. */
  'session.abandoned': { session: string; last_seq: number; why: string };

  // --- its commands
  'command.decided': CommandDecided;
  /** Ends of commands, in batches: one entry for each command, in the order in which they ended. */
  'command.settled': { results: readonly CommandResult[] };
  /** What was refused before it was a command, or (`request` is the command's id) why a held one was not run after all. */
  'command.refused': { request: string; code: string; say: string; what: string };
  /** What a command showed (terminal, output) is recorded in sealed pieces (`recording.ts`), each the blob `recording` of its event. */
  'recording.started': { command: string; kind: 'terminal' | 'output'; columns: number; rows: number; term: string | null };
  /** The pieces between two moments, in microseconds since the start of the recording. `bytes` is what was shown; `index` counts from 0 without gaps. */
  'recording.segment': { command: string; index: number; from_us: number; to_us: number; bytes: number };
  /** `whole` is false when it was cut short: `why` says so, and what was shown after it is not recorded. */
  'recording.ended': { command: string; segments: number; bytes: number; whole: boolean; why: string | null };
  /** Content that went through a command's hands: a file of SFTP, a forwarded connection. `sha256` is null where the bytes came in another order than the file's. */
  'content.passed': { command: string; direction: 'read' | 'write'; bytes: number; sha256: string | null; from: number | null; to: number | null };
  'mask.applied': { command: string; columns: readonly { column: string; tag: string; action: string; layer: string; cells: number }[] };
  'mask.failed_closed': { command: string; why: string };

  // --- approvals
  /** `subject` where leave is asked for something that is no command of a session: then `session` and `command` are null, `machine` and `target` too where it is about none. */
  'approval.requested': { approval: string; session: string | null; command: string | null; machine: string | null; target: string | null; subject?: ApprovalAbout; shape: string; binding: string; quorum: readonly { group: string; count: number }[]; expires: string; rules: readonly string[]; behalf?: string };
  'approval.voted': { approval: string; by: string; vote: 'approve' | 'reject'; groups: readonly string[] };
  'approval.granted': { approval: string; by: readonly string[] };
  'approval.rejected': { approval: string; by: string };
  'approval.expired': { approval: string };
  'approval.withdrawn': { approval: string; why: string };
  /** Spent: by a held command, or (`session` and `command` null) by the service that asked. Of a manifest there is one for each `run` of a statement. */
  'approval.consumed': { approval: string; session: string | null; command: string | null; subject?: ApprovalAbout; run?: StatementRun };
  'approval.refused': { approval: string; by: string; code: string; say: string };
  'approval.notified': { approval: string; state: string; attempts: number; ok: boolean };

  // --- configuration
  'config.changed': { kind: string; name: string; change: 'created' | 'updated' | 'removed'; version: number; digest: string; previous: string | null };
  'config.refused': { kind: string; name: string; code: string; say: string };
  'policy.activated': { version: number; digest: string; previous: string | null; rules: number };
  'nhi.suspended': { machine: string; why: string };

  // --- machines and those who answer for them
  /**
   * A machine as it stands from now on; `version` is that of its document. `contract_end` is its vendor's. `bindings` are `issuer/audience (claims it is matched by)`, with `, replay off` behind where
   * replays are not looked for.
   */
  'nhi.recorded': {
    machine: string; version: number; kind: string; owner: string; backup_owner: string; team: string | null; purpose: string; business_service: string | null; environment: string;
    criticality: string; groups: readonly string[]; vendor: string | null; contract_end: string | null; review_by: string; state: string; bindings: readonly string[]; source: string;
  };
  /** The state that it works by. `until`: when `attention` becomes a suspension, unless somebody answers for it. RFC 3339. */
  'nhi.state_changed': { machine: string; from: string; to: string; why: string; until: string | null };
  /** Somebody is asked to answer for it; `approval` is what a second person has to say yes to. */
  'nhi.transfer_requested': { machine: string; owner: string; previous_owner: string; reason: string };
  'nhi.owner_accepted': { machine: string; owner: string; previous_owner: string; approval: string };
  /** It works again: the owner accepted, and other people agreed. */
  'nhi.reactivated': { machine: string; owner: string; approval: string; approved_by: readonly string[] };
  /** Drafts were made of what a directory or a file names. */
  'nhi.imported': { source: string; found: number; drafted: number; known: number; digest: string };
  /** Somebody with a genuine token of a trusted issuer, whom no binding names. `claims` are the stable ones. */
  'nhi.candidate': { candidate: string; issuer: string; claims: Record<string, string>; source: string };
  'nhi.candidate_decided': { candidate: string; decision: 'adopted' | 'blocked' | 'dismissed'; machine: string | null };
  /** What a directory, a security event or a file told about a person; `person` is null where nobody of the inventory is meant. `ref` is the sender's own id of it. */
  'signal.received': { source: 'scim' | 'ssf' | 'hr' | 'contract' | 'directory' | 'operator'; kind: string; person: string | null; ref: string | null; outcome: string };
  /** `left_at` is when, as the source said; `machines` those that this person answered for, the first hundred of `count`. */
  'person.left': { person: string; source: string; left_at: string; count: number; machines: readonly string[] };
  'person.returned': { person: string; source: string };
  /** Whoever logged in as this person before that moment has to log in anew, and machines that act for them by such a login work no more. */
  'person.sessions_revoked': { person: string; source: string; before: string };
  /** A person's or a vendor's contract ends in so many days: said at 30, 7 and 1. */
  'contract.ending': { of: 'person' | 'vendor'; name: string; ends: string; days: number; machines: readonly string[] };

  // --- what machines may reach, until when
  /** `kind` says how: by a document, by request, or in an emergency. `limited_by`: what made `until` earlier than was asked for. `uses`: sessions; null for any number. */
  'entitlement.granted': {
    entitlement: string; kind: 'standing' | 'jit' | 'break-glass'; machine: string; target: string; role: string | null; from: string; until: string; uses: number | null;
    limited_by: string | null; request: string | null; approval: string | null; approved_by: readonly string[]; reason: string;
  };
  'entitlement.used': { entitlement: string; session: string; machine: string; left: number | null };
  'entitlement.expired': { entitlement: string; machine: string; target: string; why: 'time' | 'uses' };
  'entitlement.revoked': { entitlement: string; machine: string; target: string; why: string; review: string | null };
  'entitlement.requested': { request: string; path: string; machine: string; target: string; role: string | null; seconds: number; uses: number | null; reason: string; by_connecting: boolean; approval: string | null };
  'entitlement.refused': { request: string; machine: string; target: string; role: string | null; code: string; say: string };
  'entitlement.unused': { entitlement: string; machine: string; target: string; days: number };
  /** Access in an emergency, with what has to be reviewed afterwards by somebody else. */
  'breakglass.opened': { entitlement: string; machine: string; target: string; reason: string; by: string; until: string };
  'breakglass.reviewed': { entitlement: string; machine: string; finding: 'justified' | 'not-justified'; say: string };
  /** Leave for a list of statements at once, each by its hash: `count` of them, `manifest` the hash of the list. */
  /** `count` statements, of which those that policy holds may run `runs` times in all; each run is an `approval.consumed`. */
  'approval.manifest': { approval: string; manifest: string; count: number; runs: number; machine: string; target: string };

  // --- reviews of access
  'review.opened': { campaign: string; scope: string; items: number; due: string; grace_days: number };
  /** What a reviewer is shown: granted against used. `used` are the first fifty of `used_count` effects; `unused` of those that were granted. */
  'review.item': {
    campaign: string; item: string; machine: string; entitlement: string | null; target: string | null; role: string | null; reviewers: readonly string[];
    used: readonly string[]; used_count: number; unused: readonly string[]; last_used: string | null;
  };
  'review.decided': { campaign: string; item: string; machine: string; decision: 'keep' | 'narrow' | 'revoke'; reason: string; policy: string | null };
  /** Somebody else is to decide it; `by` whom says the event itself. */
  'review.delegated': { campaign: string; item: string; machine: string; to: string; reason: string };
  'review.overdue': { campaign: string; item: string; machine: string; due: string; stops: string };
  /** Nobody decided in time: the access stops. */
  'review.stopped': { campaign: string; item: string; machine: string; entitlement: string | null };
  'review.closed': { campaign: string; kept: number; narrowed: number; revoked: number; stopped: number };
  /** The least policy that would have allowed what a machine did; and what a draft would have decided about the past. */
  'policy.proposed': { machine: string; from: string; to: string; digest: string; rules: number };
  'policy.simulated': { digest: string; from: string; to: string; commands: number; changed: number };

  // --- what looks wrong
  /** A machine's identity is used as people use theirs. `signs` say by what it was seen. */
  'detect.human_use': { machine: string; session: string; signs: readonly string[] };
  /** One trust binding from two places at once. */
  'detect.shared_binding': { machine: string; binding: string; runtimes: readonly string[] };
  'detect.replay': { machine: string | null; binding: string; source: string; first_source: string; count: number };
  /** A verb on an object that this machine never used before. */
  'detect.new_behaviour': { machine: string; target: string; effect: string; session: string };
  'detect.stale': { machine: string; last_used: string | null; days: number; level: 'flag' | 'suspend' };
  'detect.orphan': { machine: string; owner: string };
  /** Somebody looked at what was detected, and says why it is nothing (any more). `kind` as in the types above: `human_use` … `new_behaviour`. */
  'detect.dismissed': { detection: string; kind: string; machine: string | null; reason: string };

  // --- changes that more than one person makes
  /** `digest` is over everything that would be applied; `kinds` are those of its documents, and `policy`. */
  'change.proposed': { change: string; title: string; ticket: string | null; kinds: readonly string[]; count: number; digest: string; rolls_back: string | null };
  'change.tested': { change: string; ok: boolean; say: string; warnings: number; changed_decisions: number | null };
  'change.approved': { change: string; approval: string; by: readonly string[] };
  'change.rejected': { change: string; approval: string; by: string };
  'change.activated': { change: string; digest: string; approval: string | null };
  'change.withdrawn': { change: string; why: string };

  // --- people and evidence
  'operator.acted': { action: string; object: string; ok: boolean; code: string | null };
  'evidence.read': { what: string; filter: string; count: number };
  /** An examiner pack was made and signed for: leaves [from, to) in a scope, `count` of them shown; `manifest` is the hash of what says the rest. */
  'evidence.exported': { origin: string; manifest: string; scope: string; from: number; to: number; count: number };
  'log.gap': { producer: string; epoch: string; from: number; to: number };
  /** The database was behind a checkpoint that had left the house (or had none of it): it was set back. Checkpoints go on under a new origin. */
  'log.rollback': { origin: string; lost_size: number; lost_root: string; size: number; next_origin: string };
  /** The log does not fit a checkpoint that it signed before: nothing is signed any more. */
  'log.verify_failed': { origin: string; size: number; signed_root: string; root: string };
  /**
   * A witness does not cosign, because it has cosigned something else: `conflict` another root for its size, `ahead` more than the log has,
   * `inconsistent` what this checkpoint does not continue. `witness_size` is what it cosigned last, as far as is known.
   */
  'log.witness_refused': { origin: string; size: number; witness: string; witness_size: number; why: 'conflict' | 'ahead' | 'inconsistent' };
  /** The log's key was followed by another: `note` is the statement that both have signed (SPEC.md 2.3 of engine/evidence). */
  'key.rotated': { log: string; old: string; new: string; note: string };
  /** A producer says which key signs the ends of its sessions in this epoch: a vkey under the producer's own id. */
  'key.created': { use: string; key: string };
  /**
   * A producer's key is not taken for granted: `other-producer` has it already, `other-key`: the producer was known by another, `not-its-own`: it bears another name or
   * is no key. `other` is that producer or that key.
   */
  'key.conflict': { producer: string; epoch: string; key: string; why: 'other-producer' | 'other-key' | 'not-its-own'; other: string | null };
  'log.equivocation': { sid: string; seq: number; kept: string; other: string };

  // --- how long it is kept
  /** Nothing in this scope is purged or shredded while it stands; absent parts of the scope are null. `from` and `to`: RFC 3339. */
  'hold.placed': { hold: string; reason: string; session: string | null; machine: string | null; target: string | null; from: string | null; to: string | null };
  /** One of two people says that it may end; alone, that changes nothing. */
  'hold.release_requested': { hold: string; reason: string };
  'hold.released': { hold: string; requested_by: string };
  /** How many days a class is kept from now on. A shorter time counts only after a week. */
  'retention.changed': { class: string; days: number; previous: number | null };
  /**
   * Written before a month's table of bodies or of ciphertexts is dropped. `leaves`: every leaf [from, to) whose body is gone by policy from now on, those of earlier
   * purges too; over all `parts`. `delivered`: leaves before it were with every required sink.
   */
  'retention.purged': { table: string; class: string; from: string; to: string; delivered: number; leaves: readonly (readonly number[])[]; part: number; parts: number };
  /** One of two people asks that a session's texts be made unreadable for ever. */
  'erasure.requested': { session: string; reason: string };
  'erasure.confirmed': { session: string; requested_by: string };
  /**
   * Written before a key of the evidence reader's is destroyed: what was sealed to it can never be opened again, from whatever copy. `erased`: it was replaced for the others of its day
   * (`kept` sessions, under `next`) and not for these `sessions`.
   */
  'key.destroyed': { key: string; class: string; day: string; why: 'expired' | 'erased'; sessions: readonly string[]; kept: number; next: string | null };

  // --- what leaves for SIEMs: leaf indexes are of the log, `next` is the one that is delivered next
  /** What a sink was given since the last such word: leaves `from` to `next - 1`, of which `filtered` were not for it. */
  'sink.watermark': { sink: string; from: number; next: number; delivered: number; filtered: number; lag: number };
  /** A sink takes nothing; everything from `next` on waits for it. */
  'sink.stalled': { sink: string; next: number; code: string; attempts: number; lag: number };
  'sink.recovered': { sink: string; next: number; attempts: number; seconds: number };
  /** The ledger holds other leaves than the sink was given (a restored backup): everything from `next` on is delivered again, what was given up to `from` stays with the receiver. */
  'sink.rewound': { sink: string; from: number; next: number };

  // --- services
  'service.started': { service: string; version: string; node: string };
  'service.stopped': { service: string; why: string };
  /** From `since` until `until` (RFC 3339) this producer could not make events durable; `refused` commands were not run for it. */
  'evidence.interrupted': { since: string; until: string; why: string; refused: number };
  /** Every ten seconds, whatever else there is to tell. */
  'producer.heartbeat': { pseq: number; sessions: number };
  /** Nothing came from a producer that had not said that it stops: `last_pseq` is the last that came, `since` when the ledger took it (RFC 3339). */
  'producer.silent': { producer: string; epoch: string; last_pseq: number; since: string };
  /** It is heard again; `last_pseq` is the one before its silence. */
  'producer.heard': { producer: string; epoch: string; last_pseq: number; seconds: number };
  /**
   * Every minute, and at once when the wall clock was set: `step_us` is how far it moved against the monotonic clock since the last status. What the host's
   * time service says of the offset and its bound; null where none is there to be asked (`source` is then `none`).
   */
  'clock.status': { source: string; synchronised: boolean | null; offset_us: number | null; error_us: number | null; step_us: number };
}

/** What leave is asked for besides a held command, by the asking service's own id. */
export interface ApprovalAbout {
  readonly kind: 'access' | 'manifest' | 'change';
  readonly id: string;
}

/** The `use`-th of `times` runs of the statement at `place` (from 1) of a manifest. */
export interface StatementRun {
  readonly place: number;
  readonly use: number;
  readonly times: number;
  readonly shape: string;
}

/** What `session.closed` bears besides its own members: the vkey of the instance key, and its Ed25519 signature over the event (SPEC.md 1.3 of engine/evidence), base64. */
export interface SignedEnd {
  readonly key: string;
  readonly signature: string;
}

export interface CommandDecided {
  /** Command id: what a refusal shows as request id. */
  readonly command: string;
  readonly decision: 'allow' | 'deny' | 'hold';
  readonly verb: string;
  readonly reading: string;
  /** `verb schema.table`, one string an effect, sorted. */
  readonly effects: readonly string[];
  readonly shape: string;
  readonly fingerprint: string | null;
  readonly kind: string;
  readonly rules: readonly string[];
  readonly say: string | null;
  /** In a session on somebody's behalf: what was decided for each of the two by itself. Who the other is says `session.opened`. */
  readonly sides?: { readonly machine: DecidedSide; readonly behalf: DecidedSide };
}

export interface DecidedSide {
  readonly decision: 'allow' | 'deny' | 'hold';
  readonly rules: readonly string[];
}

export interface CommandResult {
  readonly command: string;
  readonly status: string;
  readonly rows: number;
  readonly bytes: number;
  readonly micros: number;
  readonly error: string | null;
}

/**
 * The session's data key, sealed to the evidence reader's X25519 public key and to the key of the day of its retention class: ephemeral-static ECDH with
 * both, HKDF-SHA-256, AES-256-GCM. A gateway can seal a key and cannot open it again; nobody can once the day's key is destroyed. All values but `day` base64url.
 */
export interface WrappedKey {
  /** Id of the reader's public key: first 16 hex digits of its SHA-256. */
  readonly kek: string;
  readonly epk: string;
  readonly iv: string;
  readonly wrapped: string;
  /** `class/2026-11-23/id` of the day's key. Absent: sealed to the reader's key alone, as versions before 0.2 did. */
  readonly day?: string;
}

export type EventType = keyof EventData;
