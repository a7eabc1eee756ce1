import type {
  ApprovalId, Command, Decision, EvidenceMode, Hold, Instant, MaskCount, MaskPlan, Position, Refusal, SessionId, Understanding,
} from '@sallyport/domain-model';
import type { CommandResult, EventData } from '@sallyport/domain-events';

/** What the gate needs from the rest of the house. Implemented in the gateway, by fakes in tests. */
export interface GatePorts {
  readonly lease: LeasePort;
  readonly evidence: EvidencePort;
  readonly approvals: ApprovalsPort;
  /** Where recordings go. Absent: this gate records none. */
  readonly recorder?: RecorderPort;
  /** The plan in force now. Its identity changes when its content does. */
  plan(): MaskPlan | null;
}

/** A lease, compiled: ready to decide. */
export interface LiveLease {
  readonly id: string;
  readonly policyVersion: number;
  readonly slice: string;
  /** What the session shows must be recorded, or not be shown. Absent: as usual. */
  readonly record?: boolean;
  /** The same object for the same understanding while the answer stands; its identity is used as a cache key. */
  decide(means: Understanding): Decision;
  /** Tagged columns that policy lets this session see, `schema.table.column`. */
  unmasked(): ReadonlySet<string>;
}

export interface LeasePort {
  /** The lease in force, or null when it is expired or was called stale. */
  current(): LiveLease | null;
  /** Waits for a renewal; a refusal when the decision point says no or does not answer in time. */
  renewed(): Promise<LiveLease | Refusal>;
}

export interface EvidencePort {
  readonly mode: EvidenceMode;
  /** Null while events are taken. */
  readonly refusing: string | null;
  /** Highest position that is durable in the sense of the session's mode. */
  readonly durable: Position;
  whenDurable(position: Position, done: (error: Error | null) => void): void;
  /** Records a decision. `rest` is the JSON of everything in CommandDecided after `decision`, ready to be spliced in. Throws when refusing. */
  decided(command: Command, decision: Decision['kind'], rest: string, authority: { readonly lease: LiveLease; readonly approval: ApprovalId | null }): Position;
  /** Queues the end of a command for the next batch. Throws when refusing. */
  settled(result: CommandResult): void;
  /** A command is refused because no record of it can be made durable. */
  unrecorded(): void;
  masked(command: string, columns: readonly MaskCount[]): void;
  record<T extends 'command.refused' | 'mask.failed_closed' | 'content.passed'>(type: T, data: EventData[T]): void;
}

export interface HeldCommand {
  readonly session: SessionId;
  readonly command: Command;
  readonly hold: Hold;
  /** Hash of text, parameters, machine, target and slice. */
  readonly binding: string;
}

export interface ApprovalsPort {
  /**
   * Asks people; or finds (`covered`) that they have said yes to a manifest with this very statement already, where that is not ruled out by `people`: nobody is asked then, and
   * `approval` is the manifest's, which no single command may withdraw.
   */
  open(held: HeldCommand, whom: 'manifest-or-people' | 'people'): Promise<{ readonly approval: ApprovalId; readonly url: string; readonly expires: Instant; readonly covered: boolean } | Refusal>;
  /** Resolves when the approval is granted (true) or with the refusal it ended in. */
  outcome(approval: ApprovalId, signal: AbortSignal): Promise<true | Refusal>;
  /** Spends it, once; or one run of the statement in a manifest. */
  consume(approval: ApprovalId, held: HeldCommand, what: 'approval' | 'statement'): Promise<true | Refusal>;
  withdraw(approval: ApprovalId, why: string): void;
  /** Hash that binds an approval to exactly this command. */
  binding(command: Command, slice: string): string;
}

export interface RecorderPort {
  /** Microseconds; never step back. */
  monoUs(): number;
  /** Records a moment of a recording, with its bytes sealed. Throws when refusing. */
  write<T extends 'recording.started' | 'recording.segment' | 'recording.ended'>(type: T, data: EventData[T], bytes: Uint8Array | null): Position;
  /** It could not be written: the session must end. */
  failed(error: unknown): void;
}
