import { id, type ApprovalId, type Decision, type Digest, type EvidenceMode, type Instant, type MaskCount, type MaskPlan, type Obligations, type Refusal, type Understanding } from '@sallyport/domain-model';
import type { CommandResult, EventData } from '@sallyport/domain-events';
import type { ApprovalsPort, EvidencePort, GatePorts, HeldCommand, LeasePort, LiveLease, RecorderPort } from '../index.ts';

export const slice = id<Digest>('a'.repeat(64));
const free: Obligations = { maxRows: null, maxBytes: null };

export const allow = (obligations: Partial<Obligations> = {}): Decision => ({ kind: 'allow', slice, rules: [], obligations: { ...free, ...obligations } });
export const deny = (say = 'no rule permits it'): Decision => ({ kind: 'deny', slice, rules: [], say });
export const hold = (): Decision => ({ kind: 'hold', slice, rules: [], say: 'a person must agree', approvers: [{ group: 'owners', count: 1 }], expiresIn: 60, obligations: free });

/** What a gate recorded, in order. */
export type Recorded =
  | { readonly what: 'decided'; readonly command: string; readonly decision: Decision['kind']; readonly data: Record<string, unknown>; readonly text: string; readonly parameters: Uint8Array | null; readonly approval: string | null }
  | { readonly what: 'settled'; readonly result: CommandResult }
  | { readonly what: 'masked'; readonly command: string; readonly columns: readonly MaskCount[] }
  | { readonly what: 'command.refused' | 'mask.failed_closed' | 'content.passed'; readonly data: unknown }
  | { readonly what: 'recording'; readonly type: string; readonly data: unknown; readonly bytes: Uint8Array | null };

/** Ports of a gate for tests: policy is a function, durability comes when the test says so (or at once), people answer when told. */
export class FakePorts implements GatePorts {
  readonly recorded: Recorded[] = [];
  decide: (means: Understanding) => Decision = () => allow();
  unmasked: ReadonlySet<string> = new Set();
  leased = true;
  renewal: LiveLease | Refusal | null = null;
  currentPlan: MaskPlan | null = null;
  refusing: string | null = null;
  /** False: positions become durable by `settleEvidence` only. */
  autoDurable = true;
  mode: EvidenceMode = 'strict';
  position = 0;
  #durable = 0;
  #waiting: { readonly position: number; readonly done: (error: Error | null) => void }[] = [];
  readonly opened: HeldCommand[] = [];
  readonly withdrawn: string[] = [];
  answer: ((answer: true | Refusal) => void) | null = null;
  consumed: true | Refusal = true;
  /** The manifest that covers whatever is held; null: none does. */
  manifest: ApprovalId | null = null;
  /** What comes of a run of its statement. */
  ran: true | Refusal = true;

  readonly live: LiveLease = { id: 'lease-1', policyVersion: 7, slice, decide: (means) => this.decide(means), unmasked: () => this.unmasked };

  readonly lease: LeasePort = {
    current: () => (this.leased ? this.live : null),
    renewed: () => (this.renewal === null ? new Promise(() => undefined) : Promise.resolve(this.renewal)),
  };

  readonly evidence: EvidencePort = this.#evidence();

  readonly approvals: ApprovalsPort = {
    binding: (command, of) => `${command.text.open('test')}|${of}`,
    open: (held, whom) => {
      this.opened.push(held);
      if (this.manifest !== null && whom === 'manifest-or-people') return Promise.resolve({ approval: this.manifest, url: 'https://console.test/m/1', expires: id<Instant>('2026-11-22T22:00:00.000000Z'), covered: true });
      return Promise.resolve({ approval: id<ApprovalId>(`approval-${this.opened.length}`), url: 'https://console.test/a/1', expires: id<Instant>('2026-11-22T10:15:00.000000Z'), covered: false });
    },
    outcome: (approval, signal) =>
      new Promise((resolve) => {
        this.answer = resolve;
        signal.addEventListener('abort', () => resolve({ kind: 'refusal', code: 'withdrawn', say: 'withdrawn', rules: [], requestId: approval, hint: '' }), { once: true });
      }),
    consume: (_approval, _held, what) => Promise.resolve(what === 'statement' ? this.ran : this.consumed),
    withdraw: (approval) => this.withdrawn.push(approval),
  };

  unrecorded = 0;
  recorderUs = 0;
  readonly recorder: RecorderPort = {
    monoUs: () => ++this.recorderUs,
    write: (type, data, bytes) => this.#write({ what: 'recording', type, data, bytes }),
    failed: (error) => {
      throw error;
    },
  };

  plan = (): MaskPlan | null => this.currentPlan;

  /** Everything recorded so far is durable now, or can never be. */
  settleEvidence(error: Error | null = null): void {
    if (error === null) this.#durable = this.position;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { done } of waiting) done(error);
  }

  #write(recorded: Recorded): number {
    this.recorded.push(recorded);
    this.position++;
    if (this.autoDurable) this.#durable = this.position;
    return this.position;
  }

  #evidence(): EvidencePort {
    const write = (recorded: Recorded) => this.#write(recorded);
    // The gate looks at these each time, so they must be looked up each time.
    const port = {
      decided: (command: Parameters<EvidencePort['decided']>[0], decision: Decision['kind'], rest: string, authority: Parameters<EvidencePort['decided']>[3]) => {
        if (this.refusing !== null) throw new Error(this.refusing);
        const data = JSON.parse(`{${rest}`) as Record<string, unknown>;
        return write({ what: 'decided', command: command.id, decision, data, text: command.text.open('test'), parameters: command.parameters?.open('test') ?? null, approval: authority.approval });
      },
      settled: (result: CommandResult) => void write({ what: 'settled', result }),
      unrecorded: () => void this.unrecorded++,
      masked: (command: string, columns: readonly MaskCount[]) => void write({ what: 'masked', command, columns }),
      record: <T extends 'command.refused' | 'mask.failed_closed' | 'content.passed'>(type: T, data: EventData[T]) => void write({ what: type, data }),
      whenDurable: (position: number, done: (error: Error | null) => void) => {
        if (this.#durable >= position) done(null);
        else this.#waiting.push({ position, done });
      },
    };
    return Object.defineProperties(port, { mode: { get: () => this.mode }, refusing: { get: () => this.refusing }, durable: { get: () => this.#durable } }) as EvidencePort;
  }
}
