import { createHash } from 'node:crypto';
import { id, refusal, resourceName, type Actor, type ApprovalId, type Command, type Instant, type Party, type Refusal, type ShownParameters, type Target } from '@sallyport/domain-model';
import type { ApprovalsPort, HeldCommand } from '@sallyport/engine-session';
import { approvalChanged, approvalsConsume, approvalsOpen, approvalsShow, approvalsWithdraw, plainParameters, statementHash, subjects, type Bus } from '@sallyport/platform-bus';
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
  /** On whose behalf; null: its own. */
  readonly behalf: Party | null;
  readonly target: Target;
  readonly source: string;
  readonly role: string | null;
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

  async open(held: HeldCommand, whom: 'manifest-or-people' | 'people'): Promise<{ approval: ApprovalId; url: string; expires: Instant; covered: boolean } | Refusal> {
    const { actor, behalf, target, source } = this.#of;
    const { command, hold } = held;
    const reply = await this.#bus.call(approvalsOpen, {
      session: held.session, command: command.id, machine: actor.machine, owner: actor.owner, target: target.name, environment: target.environment, source,
      text: command.text.open('approvers see what would run'), parameters: this.#shown(command), shape: command.means.shape,
      effects: effectsOf(command),
      rules: [...hold.rules], say: hold.say, binding: held.binding, slice: hold.slice,
      quorum: hold.approvers.map(({ group, count }) => ({ group, count })), expiresIn: hold.expiresIn,
      statement: whom === 'people' ? null : this.#statement(held), behalf,
    });
    if (!reply.ok) return refusal('denied', reply.error.code === 'unanswerable' || reply.error.code === 'machine-not-active' ? reply.error.say : 'this needs an approval, and it could not be asked for', command.id, { rules: hold.rules, hint: 'try again; if it stays, tell the operators of the gateway' });
    return { approval: id<ApprovalId>(reply.value.approval), url: reply.value.url, expires: id<Instant>(reply.value.expires), covered: reply.value.covered };
  }

  /** What a manifest would name this command by; null where its parameters are not known without doubt, and on somebody's behalf: manifests are leave for the machine itself. */
  #statement({ command, hold }: HeldCommand): string | null {
    const { actor, behalf, target, role } = this.#of;
    if (behalf !== null) return null;
    const parameters = plainParameters(this.#shown(command));
    return parameters === null ? null : statementHash({ machine: actor.machine, target: target.name, role, slice: hold.slice, text: command.text.open('to find a manifest with it'), parameters, effects: effectsOf(command) });
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

  async consume(approval: ApprovalId, held: HeldCommand, what: 'approval' | 'statement'): Promise<true | Refusal> {
    const statement = what === 'statement' ? this.#statement(held) : null;
    const reply = await this.#bus.call(approvalsConsume, { approval, session: held.session, command: held.command.id, binding: held.binding, statement });
    if (reply.ok) return true;
    return refusal(reply.error.code === 'expired' ? 'expired' : 'denied', `the approval could not be used: ${reply.error.say}`, held.command.id);
  }

  withdraw(approval: ApprovalId, why: string): void {
    // Without an answer the request expires by itself: nothing depends on this one arriving.
    void this.#bus.call(approvalsWithdraw, { approval, why });
  }
}

const effectsOf = ({ means }: Command): string[] => [...new Set(means.effects.map(({ verb, resource }) => `${verb} ${resourceName(resource)}`))].sort();

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
