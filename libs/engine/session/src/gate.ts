import {
  mayChange, refusal, type ApprovalId, type Command, type Decision, type Deny, type Hold, type Obligations, type Position, type Refusal, type ResultMasker, type SessionId, type Understanding,
} from '@sallyport/domain-model';
import type { Gate, Outcome, Permit, Recording, RecordingHeader, SubmitHooks } from '@sallyport/protocol-spi';
import { decidedJson } from './decided-json.ts';
import { keepsHidden, keepsHiddenSay } from './laundering.ts';
import { makePermit } from './permit.ts';
import { GateRecording } from './recording.ts';
import { TaggedRelations } from './tagged.ts';
import type { GatePorts, HeldCommand, LiveLease } from './ports.ts';

/** Counts of one session, for its closing event. */
export interface Tally {
  commands: number;
  denied: number;
  held: number;
  rows: number;
  bytes: number;
}

/**
 * The order is the product: lease, decide, record, wait for durability or for people, and only then a permit.
 * Whatever goes wrong on the way ends in a refusal; nothing here lets a command pass by default.
 */
export class SessionGate implements Gate {
  readonly closing: AbortSignal;
  readonly tally: Tally = { commands: 0, denied: 0, held: 0, rows: 0, bytes: 0 };
  readonly #session: SessionId;
  readonly #ports: GatePorts;
  readonly #masker: () => ResultMasker;
  readonly #tagged = new TaggedRelations();
  /** Commands that wait for people or for their evidence, and what gives each its last word when the session ends first. */
  readonly #waiting = new Map<Command, () => void>();
  readonly #recordings = new Set<GateRecording>();
  /** Absent where the ports have no recorder. */
  readonly record?: (permit: Permit, header: RecordingHeader) => Recording;
  #over = false;
  #mustRecord = false;

  constructor(of: { readonly session: SessionId; readonly ports: GatePorts; readonly masker: () => ResultMasker; readonly closing: AbortSignal }) {
    this.#session = of.session;
    this.#ports = of.ports;
    this.#masker = of.masker;
    this.closing = of.closing;
    const { recorder } = of.ports;
    if (recorder !== undefined) this.record = ({ command }, header) => this.#recording(new GateRecording(command, header, recorder, (ended) => this.#recordings.delete(ended)));
  }

  get mustRecord(): boolean {
    return this.#mustRecord;
  }

  get masker(): ResultMasker {
    return this.#masker();
  }

  get released(): Position {
    return this.#ports.evidence.durable;
  }

  whenReleased(position: Position, done: (error: Error | null) => void): void {
    this.#ports.evidence.whenDurable(position, done);
  }

  submit(command: Command, hooks: SubmitHooks = {}): Permit | Refusal | Promise<Permit | Refusal> {
    if (this.closing.aborted) return ending(command);
    const lease = this.#ports.lease.current();
    return lease === null ? this.#afterRenewal(command, hooks) : this.#rule(command, lease, hooks);
  }

  preview(command: Command): Refusal | null {
    if (this.closing.aborted) return ending(command);
    const lease = this.#ports.lease.current();
    // Without a lease nothing is said yet: the command itself will wait for the renewal, and runs only then.
    if (lease === null) return null;
    const decision = this.#decide(command.means, lease);
    return decision.kind === 'deny' ? this.#deny(command, decision, lease) : null;
  }

  /** The session is over: what still waits is recorded as not run. Nothing is recorded after this, so that the chain's last event can be written. */
  end(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const end of waiting) end();
    for (const recording of [...this.#recordings]) recording.end('the session ended');
    this.#over = true;
  }

  #recording(recording: GateRecording): Recording {
    this.#recordings.add(recording);
    return recording;
  }

  refused(said: Refusal, what: string): void {
    if (this.#over) return;
    this.tally.denied++;
    this.#ports.evidence.record('command.refused', { request: said.requestId, code: said.code, say: said.say, what });
  }

  async #afterRenewal(command: Command, hooks: SubmitHooks): Promise<Permit | Refusal> {
    const lease = await this.#ports.lease.renewed();
    if ('kind' in lease) {
      this.refused(lease, command.means.facts.kind);
      return lease;
    }
    return this.closing.aborted ? ending(command) : this.#rule(command, lease, hooks);
  }

  #rule(command: Command, lease: LiveLease, hooks: SubmitHooks): Permit | Refusal | Promise<Permit | Refusal> {
    const decision = this.#decide(command.means, lease);
    switch (decision.kind) {
      case 'allow':
        return this.#allow(command, decision, decision.obligations, lease, null);
      case 'deny':
        return this.#deny(command, decision, lease);
      case 'hold':
        return this.#hold(command, decision, lease, hooks);
      default:
        return refusal('internal', 'the decision was not understood', unknownDecision(decision, command));
    }
  }

  /** The policy's answer, and no where a masked value would be kept for a later, unmasked read. */
  #decide(means: Understanding, lease: LiveLease): Decision {
    const decision = lease.decide(means);
    if (decision.kind === 'deny' || means.stores === undefined) return decision;
    const plan = this.#ports.plan();
    if (!keepsHidden(means, plan, lease.unmasked(), this.#tagged.touches(means, plan))) return decision;
    return { kind: 'deny', slice: decision.slice, rules: [], say: keepsHiddenSay };
  }

  #deny(command: Command, decision: Deny, lease: LiveLease): Refusal {
    this.tally.commands++;
    this.tally.denied++;
    const position = this.#record(command, decision, lease, null);
    if (typeof position !== 'number') return position;
    return refusal('denied', `${command.means.facts.kind} refused: ${decision.say}`, command.id, { rules: decision.rules });
  }

  #allow(command: Command, decision: Decision, obligations: Obligations, lease: LiveLease, approval: ApprovalId | null): Permit | Refusal | Promise<Permit | Refusal> {
    this.tally.commands++;
    if (lease.record === true) this.#mustRecord = true;
    const allowed: Decision = decision.kind === 'allow' ? decision : { kind: 'allow', slice: decision.slice, rules: decision.rules, obligations };
    const position = this.#record(command, allowed, lease, approval);
    if (typeof position !== 'number') return position;
    const permit = this.#permit(command, obligations, position, lease);
    if (!mayChange(command.means.effects)) return permit;
    return this.#durable(command, position, permit);
  }

  /** What may change something goes upstream only when its record cannot be lost any more. */
  #durable(command: Command, position: Position, permit: Permit): Permit | Promise<Permit | Refusal> {
    if (this.released >= position) return permit;
    return new Promise((resolve) => {
      const no = (said: Refusal) => {
        permit.settle(unsent);
        resolve(said);
      };
      this.#waiting.set(command, () => no(ending(command)));
      this.whenReleased(position, (error) => {
        if (!this.#waiting.delete(command)) return;
        if (error === null && !this.closing.aborted) return resolve(permit);
        no(error === null ? ending(command) : this.#unrecorded(command));
      });
    });
  }

  async #hold(command: Command, decision: Hold, lease: LiveLease, hooks: SubmitHooks): Promise<Permit | Refusal> {
    this.tally.held++;
    const position = this.#record(command, decision, lease, null);
    if (typeof position !== 'number') return position;
    this.#waiting.set(command, () => void this.#unheld(command, ending(command)));
    try {
      return await this.#ask(command, decision, hooks);
    } finally {
      this.#waiting.delete(command);
    }
  }

  async #ask(command: Command, decision: Hold, hooks: SubmitHooks): Promise<Permit | Refusal> {
    const approvals = this.#ports.approvals;
    const held = { session: this.#session, command, hold: decision, binding: approvals.binding(command, decision.slice) };
    const gone = AbortSignal.any([this.closing, ...(hooks.signal ? [hooks.signal] : [])]);
    const first = await approvals.open(held, 'manifest-or-people');
    if ('kind' in first) return this.#unheld(command, first);
    if (first.covered && gone.aborted) return this.#unheld(command, refusal('withdrawn', 'the client went away, or the session ended', command.id));
    const ruled = first.covered ? await this.#approved(command, first.approval, held, 'statement') : 'ask people';
    if (ruled !== 'ask people') return ruled;
    const opened = first.covered ? await approvals.open(held, 'people') : first;
    if ('kind' in opened) return this.#unheld(command, opened);
    hooks.onHold?.({ approval: opened.approval, say: decision.say, url: opened.url, expires: opened.expires });
    const outcome = await approvals.outcome(opened.approval, gone);
    if (gone.aborted) {
      approvals.withdraw(opened.approval, this.closing.aborted ? 'the session ended' : 'the client cancelled or went away');
      return this.#unheld(command, refusal('withdrawn', 'the request for approval was withdrawn', command.id));
    }
    if (outcome !== true) return this.#unheld(command, outcome);
    const allowed = await this.#approved(command, opened.approval, held, 'approval');
    return allowed === 'ask people' ? this.#unheld(command, refusal('internal', 'the approval was not understood', command.id)) : allowed;
  }

  /** The last word on a held command that does not run: the ledger tells why, whoever said so. */
  #unheld(command: Command, said: Refusal): Refusal {
    if (!this.#over) this.#ports.evidence.record('command.refused', { request: command.id, code: said.code, say: said.say, what: command.means.facts.kind });
    return said;
  }

  /**
   * The world may have moved while people thought: the lease must still say "hold, under this very slice" (or allow). A statement of a manifest that another session has had before
   * is for people to decide.
   */
  async #approved(command: Command, approval: ApprovalId, held: HeldCommand, what: 'approval' | 'statement'): Promise<Permit | Refusal | 'ask people'> {
    const lease = this.#ports.lease.current() ?? (await this.#ports.lease.renewed());
    if ('kind' in lease) return this.#unheld(command, lease);
    const now = this.#decide(command.means, lease);
    if (now.kind === 'deny') return this.#deny(command, now, lease);
    if (now.slice !== held.hold.slice) {
      if (what === 'approval') this.#ports.approvals.withdraw(approval, 'the policy changed after the request');
      return this.#unheld(command, refusal('expired', 'the policy changed while the request waited: ask again', command.id));
    }
    const spent = await this.#ports.approvals.consume(approval, held, what);
    if (spent !== true) return what === 'statement' && !this.closing.aborted ? 'ask people' : this.#unheld(command, spent);
    if (this.closing.aborted) return this.#unheld(command, ending(command));
    return this.#allow(command, now, now.obligations, lease, approval);
  }

  #permit(command: Command, obligations: Obligations, position: Position, lease: LiveLease): Permit {
    const evidence = this.#ports.evidence;
    return makePermit({
      command: command.id,
      obligations,
      position,
      unmasked: lease.unmasked(),
      touchesTagged: this.#tagged.touches(command.means, this.#ports.plan()),
      settled: (outcome) => {
        this.tally.rows += outcome.rows;
        this.tally.bytes += outcome.bytes;
        const { masked, passed = [], ...result } = outcome;
        if (masked.length > 0) evidence.masked(command.id, masked);
        for (const one of passed) evidence.record('content.passed', { command: command.id, direction: one.direction, bytes: one.bytes, sha256: one.sha256, from: one.from, to: one.to });
        evidence.settled({ command: command.id, ...result });
      },
    });
  }

  #record(command: Command, decision: Decision, lease: LiveLease, approval: ApprovalId | null): Position | Refusal {
    if (this.#over) return ending(command);
    const evidence = this.#ports.evidence;
    if (evidence.refusing !== null) return this.#unrecorded(command);
    try {
      return evidence.decided(command, decision.kind, decidedJson(command.means, decision), { lease, approval });
    } catch {
      // Safe to go on: the answer is a refusal, and readiness names the cause.
      return this.#unrecorded(command);
    }
  }

  #unrecorded(command: Command): Refusal {
    this.#ports.evidence.unrecorded();
    return refusal('evidence-unavailable', 'the record of this command could not be made durable, so it was not run', command.id, { hint: 'try again; if it stays, tell the operators of the gateway' });
  }
}

const unsent: Outcome = { status: 'unsent', rows: 0, bytes: 0, micros: 0, error: null, masked: [] };

function ending(command: Command): Refusal {
  return refusal('closing', 'the session is ending', command.id, { hint: 'connect again' });
}

function unknownDecision(_decision: never, command: Command): string {
  return command.id;
}
