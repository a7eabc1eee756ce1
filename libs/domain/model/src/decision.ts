import type { Digest, RuleId } from './ids.ts';

/** Which rules of which policy text said so. */
export interface Ruling {
  /** Digest of the policy slice that was evaluated. */
  readonly slice: Digest;
  /** Rules that determined the answer, sorted. Empty when nothing permitted. */
  readonly rules: readonly RuleId[];
  /** Of a session on somebody's behalf: what was said of each of the two by itself. Absent: the machine acts for itself alone. */
  readonly sides?: Sides;
}

/** What policy says of a machine by itself, and of the party that it acts for by itself. Both must be allowed what both do. */
export interface Sides {
  readonly machine: Side;
  readonly behalf: Side;
}

export interface Side {
  readonly decision: 'allow' | 'deny' | 'hold';
  readonly rules: readonly RuleId[];
}

/** Conditions that come with an allow. */
export interface Obligations {
  /** Rows after which the result is cut off with an error; null for no limit. */
  readonly maxRows: number | null;
  /** Bytes of result data (cells, before framing) after which it is cut off; null for no limit. */
  readonly maxBytes: number | null;
}

export interface Allow extends Ruling {
  readonly kind: 'allow';
  readonly obligations: Obligations;
}

/** Closed list of reasons; `RefusalCode` in refusal.ts says what each means to a client. */
export interface Deny extends Ruling {
  readonly kind: 'deny';
  /** Human reason from the rule's `@reason`, or a standing text. Never the rule's own text. */
  readonly say: string;
}

/** How many distinct people of a group must agree. */
export interface Quorum {
  readonly group: string;
  readonly count: number;
}

export interface Hold extends Ruling {
  readonly kind: 'hold';
  readonly say: string;
  readonly approvers: readonly Quorum[];
  /** Seconds from the request until it expires, absolute. */
  readonly expiresIn: number;
  /** What holds once approved. */
  readonly obligations: Obligations;
}

export type Decision = Allow | Deny | Hold;
