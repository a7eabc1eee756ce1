import type { ApprovalId, Command, Decision, EvidenceLog, EvidenceMode, MaskCount, Position } from '@sallyport/domain-model';
import type { Authority, CommandResult, EventData } from '@sallyport/domain-events';
import type { SessionRecorder } from '@sallyport/engine-evidence';
import type { EvidencePort, LiveLease, RecorderPort } from '@sallyport/engine-session';
import { recordSpan, tracing } from '@sallyport/platform-telemetry';
import type { Interruptions } from './interruptions.ts';

/** Ends of commands wait at most this long, in milliseconds, to share an event. */
const flushAfter = 100;

/** One session's evidence as its gate sees it: the recorder writes, the log makes durable. */
export class SessionEvidence implements EvidencePort {
  readonly mode: EvidenceMode;
  readonly #session: string;
  readonly #recorder: SessionRecorder;
  readonly #log: EvidenceLog;
  readonly #how: 'local' | 'acked';
  readonly #failed: (error: unknown) => void;
  readonly #interruptions: Interruptions;
  #flushing = false;
  #authority: { readonly lease: LiveLease; readonly value: Authority } | null = null;

  constructor(of: { readonly session: string; readonly mode: EvidenceMode; readonly recorder: SessionRecorder; readonly log: EvidenceLog; readonly interruptions: Interruptions; readonly failed: (error: unknown) => void }) {
    this.mode = of.mode;
    this.#session = of.session;
    this.#recorder = of.recorder;
    this.#log = of.log;
    this.#failed = of.failed;
    this.#interruptions = of.interruptions;
    this.#how = of.mode === 'strict' ? 'acked' : 'local';
  }

  get refusing(): string | null {
    return this.#log.refusing;
  }

  get durable(): Position {
    return this.#how === 'local' ? this.#log.local : this.#log.acked;
  }

  whenDurable(position: Position, done: (error: Error | null) => void): void {
    this.#log.whenDurable(position, this.#how, done);
  }

  decided(command: Command, decision: Decision['kind'], rest: string, authority: { readonly lease: LiveLease; readonly approval: ApprovalId | null }): Position {
    const parameters = command.parameters?.open('sealed into the evidence') ?? null;
    return this.#recorder.decided(command.id, decision, rest, this.#auth(authority), command.text.open('sealed into the evidence'), parameters);
  }

  settled(result: CommandResult): void {
    if (tracing()) recordSpan(this.#session, 'command', { command: result.command, status: result.status, rows: result.rows }, Date.now() - result.micros / 1000, Date.now());
    this.#try(() => this.#recorder.settled(result));
    if (this.#flushing) return;
    this.#flushing = true;
    setTimeout(() => {
      this.#flushing = false;
      this.#try(() => this.#recorder.flush());
    }, flushAfter).unref();
  }

  unrecorded(): void {
    this.#interruptions.refused();
  }

  masked(command: string, columns: readonly MaskCount[]): void {
    this.record('mask.applied', { command, columns: columns.map(({ column, tag, action, layer, cells }) => ({ column, tag, action, layer, cells })) });
  }

  record<T extends 'command.refused' | 'mask.failed_closed' | 'mask.applied' | 'content.passed'>(type: T, data: EventData[T]): void {
    this.#try(() => this.#recorder.record(type, data));
  }

  /** Recordings of this session. */
  recorder(monoUs: () => number): RecorderPort {
    return {
      monoUs,
      write: (type, data, bytes) => this.#recorder.record(type, data, { blobs: bytes === null ? [] : [this.#recorder.seal('recording', bytes)] }),
      failed: this.#failed,
    };
  }

  /** One object for as long as the lease stands, so that it is rendered once. */
  #auth({ lease, approval }: { readonly lease: LiveLease; readonly approval: ApprovalId | null }): Authority {
    if (approval !== null) return { policy: lease.policyVersion, slice: lease.slice, lease: lease.id, approval };
    if (this.#authority?.lease !== lease) this.#authority = { lease, value: { policy: lease.policyVersion, slice: lease.slice, lease: lease.id, approval: null } };
    return this.#authority.value;
  }

  /** What cannot be written after the fact is not lost unnoticed: the session hears of it and ends. */
  #try(write: () => unknown): void {
    try {
      write();
    } catch (error) {
      this.#failed(error);
    }
  }
}
