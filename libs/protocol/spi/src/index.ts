import type { Socket } from 'node:net';
import type {
  ApprovalId, Command, CommandId, Instant, MaskCount, Obligations, Position, Refusal, ResultMasker, Sealed, SecretLease, SessionId, ShownParameters, Target, Understanding,
} from '@sallyport/domain-model';

/**
 * The whole of what a protocol must be. A protocol drives its sockets, but sends nothing upstream for a command
 * without a {@link Permit}, and only the gate makes permits: it decides and records first.
 */
export interface ProtocolAdapter<Settings = unknown, G extends Greeting = Greeting> {
  /** `postgres`; also the `kind` of the targets it serves. */
  readonly id: string;
  /** Parses a target's `settings`. Throws an Error that names the path of what is wrong. */
  parseSettings(raw: Readonly<Record<string, unknown>>): Settings;
  /**
   * Reads what the client claims; dials nothing, asks for no secret before the transport is encrypted. Resolves to null
   * when the connection is over without a session (a cancel request, a refused encryption method, garbage): the
   * protocol has then answered by itself.
   */
  greet(client: Socket, terms: GreetTerms): Promise<G | null>;
  /** Serves the session until either side ends it. Resolves after both sockets are closed; rejects only for our own faults. */
  serve(greeting: G, session: ServedSession<Settings>): Promise<SessionEnd>;
  /**
   * Bound parameters for people's eyes, from the bytes and declared types of a {@link Command}. Never throws: what cannot be read is said to be so.
   * Bounded: values and lists that are too long are cut, with a count of what was left out. Absent: the protocol binds none.
   */
  showParameters?(parameters: Uint8Array, types: readonly number[]): ShownParameters;
  /** Says no in the client's own language and closes the connection. Never rejects. */
  refuse(greeting: G, refusal: Refusal): Promise<void>;
}

/** What the gateway gives a protocol for greeting. */
export interface GreetTerms {
  /** PEM certificate chain and key of the listener. */
  readonly tls: { readonly cert: string; readonly key: string };
  /** Milliseconds until a client that has not finished its greeting is cut off. */
  readonly timeoutMs: number;
  /** Out-of-band cancel requests (PostgreSQL) are looked up here: true when a session took it. */
  cancel(key: Uint8Array): boolean;
  /** Aborted when the service stops. */
  readonly signal: AbortSignal;
}

/** What the client claims to be and wants. */
export interface Greeting {
  /** Target name of `[role@]target`. */
  readonly target: string;
  readonly role: string | null;
  /** The bearer token or ticket, as sent. Empty when `certificate` is what was shown. */
  readonly token: Sealed<string>;
  /** OpenSSH user certificate (base64 of its blob) whose key the client has proven to hold on this connection. */
  readonly certificate?: string | null;
  /** OpenSSH fingerprint of a plain key that the client has proven to hold on this connection: a ticket may be bound to it. */
  readonly holds?: { readonly ssh: string | null };
  /** What the client calls itself, for evidence; bounded to 256 characters. */
  readonly client: string | null;
}

/** One opened session as a protocol sees it. */
export interface ServedSession<Settings = unknown> {
  readonly id: SessionId;
  readonly target: Target;
  readonly settings: Settings;
  readonly gate: Gate;
  /** Leases the target's credential for one dial; dispose it as soon as the login is done. */
  credential(signal: AbortSignal): Promise<SecretLease>;
  /**
   * What limits a credential that we issued ourselves: OpenSSH extensions that it bears (`permit-pty`). What it does not bear is refused whatever
   * policy says. Null: it was not limited so.
   */
  readonly extensions?: ReadonlySet<string> | null;
  /**
   * A certificate for one login at an SSH target, on a key of this session: both in base64 of their blobs. Rejects when there is no authority, or it says no;
   * the message is for operators.
   */
  certifyLogin?(login: string, publicKey: string): Promise<string>;
  /** Registers the key that a cancel request will carry; the callback runs when one arrives. Returns the removal. */
  onCancel(key: Uint8Array, run: () => void): () => void;
}

export interface SessionEnd {
  /** `client` or `target` closed, `killed` by us, `failed` for a protocol error. */
  readonly by: 'client' | 'target' | 'killed' | 'failed';
  /** Short, no values: goes into evidence. */
  readonly why: string;
}

/** Decides and records. One for each session. */
export interface Gate {
  /**
   * Asks leave for one command. Answers at once when nothing has to wait (most reads), else with a promise: a command that may
   * change something waits for its evidence, a held one for people. Commands that depend on each other's order (one byte stream, one channel) are submitted
   * in wire order, the next one only after the answer to the last; channels of one session do not wait for each other.
   */
  submit(command: Command, hooks?: SubmitHooks): Permit | Refusal | Promise<Permit | Refusal>;
  /**
   * Decides without asking leave: for steps that run nothing yet (PostgreSQL Parse). Null when the command would be allowed or
   * held; a refusal is recorded.
   */
  preview(command: Command): Refusal | null;
  /** Records that the protocol itself refused something that never became a command (unknown message, oversize text). */
  refused(refusal: Refusal, what: string): void;
  /** The highest position whose results may reach the client. */
  readonly released: Position;
  /** Calls once when results of this position may reach the client; `error` when that cannot be. */
  whenReleased(position: Position, done: (error: Error | null) => void): void;
  readonly masker: ResultMasker;
  /**
   * Begins the recording of what one command shows (terminal, output). It is sealed in pieces into the session's chain. Give it masked bytes only.
   * Absent where nothing can record: then nothing is to run that must be recorded.
   */
  record?(permit: Permit, header: RecordingHeader): Recording;
  /**
   * True: whatever a command shows must be recorded, or not be shown, because the session is there by an emergency's leave. Known when a permit is given; once true
   * it stays so. Absent: as usual. What every event says by itself (a statement and its result's size, a transferred file's hash) needs no recording.
   */
  readonly mustRecord?: boolean;
  /** Aborted when the session must end: killed, revoked, shutting down. The reason is a {@link Refusal}. */
  readonly closing: AbortSignal;
}

export interface SubmitHooks {
  /** Runs at once when the command is held for approval, before the promise settles. */
  readonly onHold?: (hold: HoldNotice) => void;
  /** The client went away or cancelled: a held request is withdrawn. */
  readonly signal?: AbortSignal;
}

export interface HoldNotice {
  readonly approval: ApprovalId;
  readonly say: string;
  readonly url: string;
  readonly expires: Instant;
}

declare const permitBrand: unique symbol;

/** Leave to send one command upstream, once. Only the gate can make one. */
export interface Permit {
  readonly [permitBrand]: never;
  readonly kind: 'permit';
  readonly command: CommandId;
  readonly obligations: Obligations;
  /** No byte of the command's result may reach the client before the gate has released this position. */
  readonly position: Position;
  /** Tagged columns that this machine may see in the clear, `schema.table.column`. */
  readonly unmasked: ReadonlySet<string>;
  /** The command reads a tagged relation, or it is not known whether it does. */
  readonly touchesTagged: boolean;
  /** Called by the relay when the command goes upstream. A second time throws PermitSpentError. */
  spend(): void;
  /** Called once when the command is over; later calls are ignored. */
  settle(outcome: Outcome): void;
}

/** What a recording is of. */
export interface RecordingHeader {
  /** `terminal`: bytes for a terminal of this size; `output`: the output of a command without one. */
  readonly kind: 'terminal' | 'output';
  readonly columns: number;
  readonly rows: number;
  /** What the terminal calls itself; bounded, or null. */
  readonly term: string | null;
  /** Bytes after which it is cut short. */
  readonly maxBytes: number;
}

/** One recording. Methods never throw: what cannot be written ends the session, which is told by `Gate.closing`. */
export interface Recording {
  /** What was shown, masked, in order. The bytes are copied. */
  write(stream: 'out' | 'err', bytes: Uint8Array): void;
  resize(columns: number, rows: number): void;
  /** No byte written before may reach the client before this position is released. Writes what is collected. */
  flush(): Position;
  /** It is over its limit, or the session's evidence has ended: nothing more is recorded, and its end says so. */
  readonly full: boolean;
  /** Writes what is collected, and the end. Later calls are ignored. @param why null when everything was shown; else why the command was cut short */
  end(why: string | null): void;
}

/** Content that went through a command's hands, for evidence: SFTP files, forwarded connections. Counts and a hash, never content. */
export interface Passed {
  /** `read`: towards the client. */
  readonly direction: 'read' | 'write';
  readonly bytes: number;
  /** Hash of the bytes in the order of their offsets; null when there were gaps, overlaps or another order, so that it would be of no file. */
  readonly sha256: string | null;
  /** Offset of the first byte, and of the byte after the last; null where there are no offsets. */
  readonly from: number | null;
  readonly to: number | null;
}

/** How a command ended. Counts, codes and times; never values. */
export interface Outcome {
  /** `cut`: stopped at a limit. `lost`: the connection ended first, so it is not known. `unsent`: never forwarded. */
  readonly status: 'ok' | 'failed' | 'cut' | 'cancelled' | 'lost' | 'unsent';
  readonly rows: number;
  /** Bytes of result data towards the client. */
  readonly bytes: number;
  readonly micros: number;
  /** The protocol's error code (SQLSTATE), or null. */
  readonly error: string | null;
  readonly masked: readonly MaskCount[];
  readonly passed?: readonly Passed[];
}

export type { Understanding };
