import { describe, expect, it } from 'vitest';
import { fail, ok, type Bus, type EntryRequest, type Reply } from '@sallyport/platform-bus';
import { z } from 'zod';
import { Entries } from './entries.ts';

const entry = (session: string): EntryRequest => ({ session, machine: 'm', target: 't', role: null, source: '10.0.0.1' });
const request = z.object({ opening: z.boolean(), entries: z.array(z.object({ session: z.string() })) });

/** Identity that names the session as the entitlement, or is away. */
class Identity implements Pick<Bus, 'call'> {
  away = false;
  readonly asked: { opening: boolean; sessions: number }[] = [];

  call<_Req extends z.ZodType, Res extends z.ZodType>(contract: { readonly value: Res }, given: unknown): Promise<Reply<z.output<Res>>> {
    const { opening, entries } = request.parse(given);
    this.asked.push({ opening, sessions: entries.length });
    if (this.away) return Promise.resolve(fail('unavailable', 'nobody answers'));
    return Promise.resolve(ok(contract.value.parse({ answers: entries.map(({ session }) => ({ entitlement: session, kind: 'jit', until: '2026-11-23T10:00:00Z', record: false })) })));
  }
}

describe('entries', () => {
  it('that come together go in one request, those that begin apart from those that are renewed, and each has its own answer', async () => {
    const identity = new Identity();
    const entries = new Entries(identity);
    const answers = await Promise.all([...Array.from({ length: 600 }, (_, i) => entries.ask('renewing', entry(`s-${i}`))), entries.ask('opening', entry('new'))]);
    expect(answers.map((answer) => ('entitlement' in answer ? answer.entitlement : null))).toEqual([...Array.from({ length: 600 }, (_, i) => `s-${i}`), 'new']);
    expect(identity.asked).toEqual([{ opening: false, sessions: 500 }, { opening: false, sessions: 100 }, { opening: true, sessions: 1 }]);
  });

  it('are unknown when identity does not answer: that is neither a yes nor a no', async () => {
    const identity = new Identity();
    identity.away = true;
    expect(await new Entries(identity).ask('opening', entry('s'))).toEqual({ unknown: 'it cannot be asked now whether the machine is entitled' });
  });
});
