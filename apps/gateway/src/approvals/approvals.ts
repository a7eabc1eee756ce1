import { createHash } from 'node:crypto';
import { id, refusal, resourceName, type Actor, type ApprovalId, type Command, type Instant, type Refusal, type ShownParameters, type Target } from '@sallyport/domain-model';
import type { ApprovalsPort, HeldCommand } from '@sallyport/engine-session';
import { approvalChanged, approvalsConsume, approvalsOpen, approvalsShow, approvalsWithdraw, subjects, type Bus } from '@sallyport/platform-bus';
import type { ProtocolAdapter } from '@sallyport/protocol-spi';
import type { z } from 'zod';

type Changed = z.infer<typeof approvalChanged>;

/** How often a waiting command asks for itself, in milliseconds: a pushed answer can be lost while the bus is away. */
const askAgain = 5_000;

/** Waits of all sessions for their approvals: one subscription, one callback for each approval. */
export class ApprovalAnswers {
  readonly #waiting = new Map<string, (changed: Changed) => void>();

  constructor(bus: Bus) {
    bus.subscribe(subjects.approvalChanged, approvalChanged, (changed) => this.#waiting.get(changed.approval)?.(changed));
  }

  on(approval: string, told: (changed: Changed) => void): () => void {
    this.#waiting.set(approval, told);
    return () => this.#waiting.delete(approval);
  }
}

interface Asking {
  readonly actor: Actor;
  readonly target: Target;
  readonly source: string;
  /** The protocol, which knows how its parameters are shown to people. */
  readonly adapter: Pick<ProtocolAdapter, 'showParameters'>;
}

/** The approvals service as one session's gate sees it. */
export class SessionApprovals implements ApprovalsPort {
  readonly #bus: Bus;
  readonly #answers: ApprovalAnswers;
  readonly #of: Asking;

  constructor(bus: Bus, answers: ApprovalAnswers, of: Asking) {
    this.#bus = bus;
    this.#answers = answers;
    this.#of = of;
  }

  binding(command: Command, slice: string): string {
    const hash = createHash('sha256').update('sallyport approval v1\0');
    const parameters = command.parameters?.open('to bind the approval to them') ?? new Uint8Array();
    for (const part of [this.#of.actor.npid, this.#of.target.name, slice, command.text.open('to bind the approval to it'), parameters]) {
      const bytes = typeof part === 'string' ? Buffer.from(part) : part;
      hash.update(`${bytes.byteLength}\0`).update(bytes);
    }
    return hash.digest('hex');
  }

  async open(held: HeldCommand): Promise<{ approval: ApprovalId; url: string; expires: Instant } | Refusal> {
    const { actor, target, source } = this.#of;
    const { command, hold } = held;
    const reply = await this.#bus.call(approvalsOpen, {
      session: held.session, command: command.id, machine: actor.machine, owner: actor.owner, target: target.name, environment: target.environment, source,
      text: command.text.open('approvers see what would run'), parameters: this.#shown(command), shape: command.means.shape,
      effects: [...new Set(command.means.effects.map((effect) => `${effect.verb} ${resourceName(effect.resource)}`))].sort(),
      rules: [...hold.rules], say: hold.say, binding: held.binding, slice: hold.slice,
      quorum: hold.approvers.map(({ group, count }) => ({ group, count })), expiresIn: hold.expiresIn,
    });
    if (!reply.ok) return refusal('denied', reply.error.code === 'unanswerable' ? reply.error.say : 'this needs an approval, and it could not be asked for', command.id, { rules: hold.rules, hint: 'try again; if it stays, tell the operators of the gateway' });
    return { approval: id<ApprovalId>(reply.value.approval), url: reply.value.url, expires: id<Instant>(reply.value.expires) };
  }

  #shown({ parameters, parameterTypes }: Command): ShownParameters | null {
    if (parameters === null) return null;
    const bytes = parameters.open('approvers see what would run');
    return this.#of.adapter.showParameters?.(bytes, parameterTypes ?? []) ?? { list: [], missing: `${bytes.byteLength} bytes that this protocol cannot show` };
  }

  outcome(approval: ApprovalId, signal: AbortSignal): Promise<true | Refusal> {
    return new Promise((resolve) => {
      const over = (answer: true | Refusal) => {
        forget();
        clearInterval(timer);
        signal.removeEventListener('abort', aborted);
        resolve(answer);
      };
      const aborted = () => over(refusal('withdrawn', 'the request was withdrawn', approval));
      const told = (state: string, say: string) => {
        const answer = ended(state, say, approval);
        if (answer !== null) over(answer);
      };
      const forget = this.#answers.on(approval, (changed) => told(changed.state, changed.say));
      const ask = () =>
        void this.#bus.call(approvalsShow, { by: null, approval }).then((reply) => {
          if (reply.ok) told(reply.value.state, '');
        });
      const timer = setInterval(ask, askAgain);
      if (signal.aborted) return aborted();
      signal.addEventListener('abort', aborted, { once: true });
      ask();
    });
  }

  async consume(approval: ApprovalId, held: HeldCommand): Promise<true | Refusal> {
    const reply = await this.#bus.call(approvalsConsume, { approval, session: held.session, command: held.command.id, binding: held.binding });
    if (reply.ok) return true;
    return refusal(reply.error.code === 'expired' ? 'expired' : 'denied', `the approval could not be used: ${reply.error.say}`, held.command.id);
  }

  withdraw(approval: ApprovalId, why: string): void {
    // Without an answer the request expires by itself: nothing depends on this one arriving.
    void this.#bus.call(approvalsWithdraw, { approval, why });
  }
}

function ended(state: string, say: string, approval: ApprovalId): true | Refusal | null {
  switch (state) {
    case 'pending':
      return null;
    case 'approved':
      return true;
    case 'rejected':
      return refusal('rejected', `approval ${approval} was rejected${say === '' ? '' : `: ${say}`}`, approval, { hint: 'ask the approvers; a new attempt makes a new request' });
    case 'expired':
      return refusal('expired', `approval ${approval} expired before enough people had answered`, approval, { hint: 'try again; a new attempt makes a new request' });
    default:
      return refusal('withdrawn', `approval ${approval} is ${state}`, approval);
  }
}
