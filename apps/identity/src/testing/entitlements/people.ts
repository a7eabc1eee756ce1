import { approvalsAsk, approvalsShow, approvalsSpend, approvalsWithdraw, fail, ok, subjects, type Bus, type Reply } from '@sallyport/platform-bus';
import { uuidv7 } from '@sallyport/domain-model';
import type { z } from 'zod';

interface Kept {
  readonly asked: z.output<typeof approvalsAsk.request>;
  state: 'pending' | 'approved' | 'rejected' | 'expired' | 'withdrawn' | 'consumed';
  readonly votes: { by: string; vote: 'approve' | 'reject'; comment: null; at: string }[];
}

/** Stands in for the approvals service: keeps what is asked, says yes and no when the test does, and can be away, deaf or forget to tell. */
export class People {
  readonly #bus: Bus;
  readonly approvals = new Map<string, Kept>();
  /** Nothing is answered. */
  away = false;
  /** What was decided is not told. */
  silent = false;
  unanswerable = false;
  /** Answers to `approvals.spend` that get lost after it was spent. */
  loseSpends = 0;

  private constructor(bus: Bus) {
    this.#bus = bus;
  }

  static async open(bus: Bus): Promise<People> {
    const people = new People(bus);
    people.#serve(approvalsAsk, (request) => people.#ask(request));
    people.#serve(approvalsSpend, (request) => people.#spend(request));
    people.#serve(approvalsShow, ({ approval }) => people.#show(approval));
    people.#serve(approvalsWithdraw, ({ approval }) => people.#withdraw(approval));
    await bus.nc.flush();
    return people;
  }

  #serve<Req extends z.ZodType>({ subject, request }: { readonly subject: string; readonly request: Req }, answer: (asked: z.output<Req>) => Reply<unknown> | null): void {
    this.#bus.nc.subscribe(subject, {
      callback: (_error, message) => {
        const said = this.away ? null : answer(request.parse(message.json()));
        if (said !== null) message.respond(JSON.stringify(said));
      },
    });
  }

  #ask(asked: Kept['asked']): Reply<unknown> {
    if (this.unanswerable) return fail('unanswerable', 'nobody could say yes');
    for (const [approval, known] of this.approvals) if (known.asked.subject.id === asked.subject.id && known.asked.binding === asked.binding) return ok({ approval, url: 'https://console.test/a', expires: '2099-01-01T00:00:00.000000Z' });
    const approval = uuidv7();
    this.approvals.set(approval, { asked, state: 'pending', votes: [] });
    return ok({ approval, url: 'https://console.test/a', expires: '2099-01-01T00:00:00.000000Z' });
  }

  #spend({ approval, subject, binding }: z.output<typeof approvalsSpend.request>): Reply<unknown> | null {
    const kept = this.approvals.get(approval);
    if (kept === undefined) return fail('not-found', 'none');
    if (kept.asked.subject.id !== subject.id || kept.asked.binding !== binding) return fail('mismatch', 'for something else');
    if (kept.state === 'consumed') return fail('spent', 'already');
    if (kept.state !== 'approved') return fail('not-approved', kept.state);
    kept.state = 'consumed';
    if (this.loseSpends-- > 0) return null;
    return ok({ by: kept.votes.map(({ by }) => by), at: kept.votes.at(-1)?.at ?? '' });
  }

  #show(approval: string): Reply<unknown> {
    const kept = this.approvals.get(approval);
    if (kept === undefined) return fail('not-found', 'none');
    const { asked, state, votes } = kept;
    return ok({
      id: approval, state, subject: asked.subject, requester: asked.requester, machine: asked.machine, owner: asked.owner, target: asked.target, environment: asked.environment, source: asked.source, session: null, command: null,
      shape: asked.shape, effects: [], rules: asked.rules, say: asked.say, quorum: asked.quorum, created: '2026-01-01T00:00:00Z', expires: '2099-01-01T00:00:00Z', votes, text: null, parameters: null,
    });
  }

  #withdraw(approval: string): Reply<unknown> {
    const kept = this.approvals.get(approval);
    if (kept !== undefined) kept.state = 'withdrawn';
    return ok({});
  }

  /** The one that was asked last. */
  get last(): { readonly id: string } & Kept {
    const found = [...this.approvals].at(-1);
    if (found === undefined) throw new Error('nothing was asked');
    return { id: found[0], ...found[1] };
  }

  say(word: 'approved' | 'rejected', at: number, ...by: string[]): void {
    const { id } = this.last;
    const kept = this.approvals.get(id);
    if (kept === undefined) return;
    kept.votes.push(...by.map((one) => ({ by: one, vote: word === 'approved' ? ('approve' as const) : ('reject' as const), comment: null, at: new Date(at).toISOString() })));
    kept.state = word;
    if (!this.silent) this.#bus.publish(subjects.approvalChanged, { approval: id, session: null, subject: kept.asked.subject, state: word, say: '' });
  }
}
