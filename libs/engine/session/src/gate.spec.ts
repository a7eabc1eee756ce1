import { id, refusal, Sealed, uuidv7, type Command, type CommandId, type Refusal, type ResultMasker, type SessionId, type Understanding } from '@sallyport/domain-model';
import { allow, deny, effect, FakePorts, hold, understanding } from './testing/index.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { PermitSpentError, SessionGate } from './index.ts';

const masker: ResultMasker = { plan: null, bind: () => ({ cells: [], ruled: false, counts: () => [] }), scrub: (text) => text };
const read = understanding([effect('read', 'ledger.entries')]);
const write = understanding([effect('write', 'ledger.entries')], { facts: { kind: 'UPDATE' } });
const command = (means: Understanding, text = 'select 1'): Command => ({ id: id<CommandId>(uuidv7()), means, text: new Sealed(text), parameters: null });

let ports: FakePorts;
let closing: AbortController;
let gate: SessionGate;

beforeEach(() => {
  ports = new FakePorts();
  closing = new AbortController();
  gate = new SessionGate({ session: id<SessionId>(uuidv7()), ports, masker: () => masker, closing: closing.signal });
});

describe('the gate', () => {
  it('answers a permitted read at once, recorded', () => {
    const answer = gate.submit(command(read));
    expect(answer).toMatchObject({ kind: 'permit', position: 1 });
    expect(ports.recorded).toMatchObject([{ what: 'decided', decision: 'allow', data: { verb: 'read', effects: ['read ledger.entries'] } }]);
  });

  it('lets a permitted read go before its record is durable, but does not release its result', () => {
    ports.autoDurable = false;
    const answer = gate.submit(command(read));
    expect(answer).toMatchObject({ kind: 'permit' });
    expect(gate.released).toBe(0);
    ports.settleEvidence();
    expect(gate.released).toBe(1);
  });

  it('says that all has to be recorded from the first permit on that a lease of an emergency gives, also when a later lease does not say so', () => {
    gate.submit(command(read));
    expect(gate.mustRecord).toBe(false);
    Object.assign(ports.live, { record: true });
    ports.decide = () => deny();
    gate.submit(command(read));
    expect(gate.mustRecord).toBe(false);
    ports.decide = () => allow();
    gate.submit(command(read));
    expect(gate.mustRecord).toBe(true);
    Object.assign(ports.live, { record: false });
    gate.submit(command(read));
    expect(gate.mustRecord).toBe(true);
  });

  it('holds what may change something until its record is durable', async () => {
    ports.autoDurable = false;
    const answer = gate.submit(command(write));
    expect(answer).toBeInstanceOf(Promise);
    ports.settleEvidence();
    expect(await answer).toMatchObject({ kind: 'permit' });
  });

  it('refuses a change whose record cannot become durable', async () => {
    ports.autoDurable = false;
    const answer = gate.submit(command(write));
    ports.settleEvidence(new Error('no disk'));
    expect(await answer).toMatchObject({ kind: 'refusal', code: 'evidence-unavailable' });
  });

  it('calls a change unsent whose record is not durable when the session ends, once', async () => {
    ports.autoDurable = false;
    const asked = command(write);
    const answer = gate.submit(asked);
    gate.end();
    expect(await answer).toMatchObject({ code: 'closing' });
    ports.settleEvidence();
    expect(ports.recorded).toMatchObject([{ what: 'decided', decision: 'allow' }, { what: 'settled', result: { command: asked.id, status: 'unsent' } }]);
  });

  it('refuses everything while no evidence can be taken', () => {
    ports.refusing = 'the journal is full';
    expect(gate.submit(command(read))).toMatchObject({ kind: 'refusal', code: 'evidence-unavailable' });
  });

  it('refuses what policy denies, with the reason and the request id, and records it', () => {
    ports.decide = () => deny('nothing is dropped here');
    const asked = command(write);
    expect(gate.submit(asked)).toMatchObject({ kind: 'refusal', code: 'denied', say: 'UPDATE refused: nothing is dropped here', requestId: asked.id });
    expect(ports.recorded).toMatchObject([{ what: 'decided', decision: 'deny' }]);
  });

  it('previews without a record when allowed, and with one when denied', () => {
    expect(gate.preview(command(read))).toBeNull();
    expect(ports.recorded).toEqual([]);
    ports.decide = () => deny();
    expect(gate.preview(command(read))).toMatchObject({ code: 'denied' });
    expect(ports.recorded).toHaveLength(1);
  });

  it('refuses when no lease can be had', async () => {
    ports.leased = false;
    ports.renewal = refusal('policy-unavailable', 'nobody answered', 's');
    expect(await gate.submit(command(read))).toMatchObject({ code: 'policy-unavailable' });
  });

  it('waits for a renewal of a stale lease and then decides under the new one', async () => {
    ports.leased = false;
    ports.renewal = ports.live;
    expect(await gate.submit(command(read))).toMatchObject({ kind: 'permit' });
  });

  it('makes permits that can be spent once', () => {
    const permit = gate.submit(command(read));
    if (permit instanceof Promise || permit.kind !== 'permit') throw new Error('expected a permit');
    permit.spend();
    expect(() => permit.spend()).toThrow(PermitSpentError);
  });

  it('settles a command once, with its counts', () => {
    const permit = gate.submit(command(read));
    if (permit instanceof Promise || permit.kind !== 'permit') throw new Error('expected a permit');
    const outcome = { status: 'ok', rows: 3, bytes: 40, micros: 9, error: null, masked: [] } as const;
    permit.settle(outcome);
    permit.settle(outcome);
    expect(ports.recorded.filter(({ what }) => what === 'settled')).toHaveLength(1);
    expect(gate.tally).toMatchObject({ commands: 1, rows: 3, bytes: 40 });
  });

  it('calls what it does not know to be untagged tagged', () => {
    ports.currentPlan = { id: 'p', target: 't', columns: [{ column: 'ledger.customers.ssn', tag: 'us.ssn', action: 'redact' }], detectors: [], large: [] };
    const touches = (means: Understanding) => {
      const permit = gate.submit(command(means));
      return permit instanceof Promise || permit.kind !== 'permit' ? null : permit.touchesTagged;
    };
    expect(touches(understanding([effect('read', 'ledger.entries')]))).toBe(false);
    expect(touches(understanding([effect('read', 'ledger.customers')]))).toBe(true);
    expect(touches(understanding([effect('read', '?.customers')]))).toBe(true);
    expect(touches(understanding([effect('read', 'ledger.entries')], { reading: 'partial' }))).toBe(true);
  });

  describe('with a held command', () => {
    const lastWords = () => ports.recorded.flatMap((one) => (one.what === 'command.refused' ? [one.data] : []));

    beforeEach(() => {
      ports.decide = () => hold();
    });

    it('tells the client at once, and permits after the approval was spent', async () => {
      const told: string[] = [];
      const answer = gate.submit(command(write, 'update x'), { onHold: ({ approval }) => told.push(approval) });
      await turn();
      expect(told).toEqual(['approval-1']);
      ports.answer?.(true);
      expect(await answer).toMatchObject({ kind: 'permit' });
      expect(ports.recorded).toMatchObject([{ decision: 'hold', approval: null }, { decision: 'allow', approval: 'approval-1' }]);
    });

    it('refuses a rejected one and the session goes on', async () => {
      const answer = gate.submit(command(write));
      await turn();
      ports.answer?.(refusal('rejected', 'bob said no', 'a'));
      expect(await answer).toMatchObject({ code: 'rejected' });
      expect(lastWords()).toEqual([{ request: expect.any(String), code: 'rejected', say: 'bob said no', what: 'UPDATE' }]);
      ports.decide = () => allow();
      expect(gate.submit(command(read))).toMatchObject({ kind: 'permit' });
    });

    it('refuses when the approval cannot be spent', async () => {
      ports.consumed = refusal('denied', 'spent already', 'a');
      const answer = gate.submit(command(write));
      await turn();
      ports.answer?.(true);
      expect(await answer).toMatchObject({ kind: 'refusal', say: 'spent already' });
      expect(lastWords()).toMatchObject([{ code: 'denied', say: 'spent already' }]);
    });

    it('withdraws the request when the client goes away', async () => {
      const gone = new AbortController();
      const answer = gate.submit(command(write), { signal: gone.signal });
      await turn();
      gone.abort();
      expect(await answer).toMatchObject({ code: 'withdrawn' });
      expect(ports.withdrawn).toEqual(['approval-1']);
      expect(lastWords()).toMatchObject([{ code: 'withdrawn' }]);
    });

    it('says why it could not be asked', async () => {
      ports.approvals.open = () => Promise.resolve(refusal('denied', 'the approvals service is away', 'a'));
      expect(await gate.submit(command(write))).toMatchObject({ code: 'denied' });
      expect(ports.recorded).toMatchObject([{ what: 'decided', decision: 'hold' }, { what: 'command.refused', data: { code: 'denied', say: 'the approvals service is away' } }]);
    });

    it('gets its last word before the session’s, and none after it, however late the answer comes', async () => {
      const asked = command(write);
      let opened: (answer: Refusal) => void = () => undefined;
      ports.approvals.open = () => new Promise((resolve) => (opened = resolve));
      const answer = gate.submit(asked);
      await turn();
      gate.end();
      expect(lastWords()).toMatchObject([{ request: asked.id, code: 'closing' }]);
      opened(refusal('denied', 'too late', 'a'));
      expect(await answer).toMatchObject({ say: 'too late' });
      gate.refused(refusal('unreadable', 'later still', 'b'), 'Query');
      expect(await gate.submit(command(write))).toMatchObject({ code: 'closing' });
      expect(ports.recorded).toHaveLength(2);
    });

    it('does not use an approval under another policy than the one it was asked under', async () => {
      const answer = gate.submit(command(write));
      await turn();
      ports.decide = () => ({ ...hold(), slice: id('b'.repeat(64)) });
      ports.answer?.(true);
      expect(await answer).toMatchObject({ code: 'expired' });
      expect(lastWords()).toMatchObject([{ code: 'expired', say: expect.stringContaining('the policy changed') }]);
    });

    describe('that a manifest covers', () => {
      beforeEach(() => void (ports.manifest = id('manifest-1')));

      it('is permitted at once, under the manifest, and nobody is asked or told to wait', async () => {
        const told: string[] = [];
        expect(await gate.submit(command(write, 'update x'), { onHold: ({ approval }) => told.push(approval) })).toMatchObject({ kind: 'permit' });
        expect(told).toEqual([]);
        expect(ports.recorded).toMatchObject([{ decision: 'hold', approval: null }, { decision: 'allow', approval: 'manifest-1' }]);
        expect(ports.opened).toHaveLength(1);
      });

      it('is for people to decide when another session had its last run', async () => {
        ports.ran = refusal('denied', 'it ran as often as the manifest says', 'a');
        const answer = gate.submit(command(write));
        await turn();
        expect(ports.opened).toHaveLength(2);
        ports.answer?.(true);
        expect(await answer).toMatchObject({ kind: 'permit' });
        expect(ports.recorded.at(-1)).toMatchObject({ decision: 'allow', approval: 'approval-2' });
      });

      it('is not run under it once the policy is another one, and the manifest is left alone', async () => {
        let asked = 0;
        ports.decide = () => (asked++ === 0 ? hold() : { ...hold(), slice: id('b'.repeat(64)) });
        expect(await gate.submit(command(write))).toMatchObject({ code: 'expired' });
        expect(ports.withdrawn).toEqual([]);
      });

      it('uses no run of it for a client that is gone', async () => {
        let runs = 0;
        ports.approvals.consume = () => Promise.resolve((runs++, true));
        const gone = new AbortController();
        const answer = gate.submit(command(write), { signal: gone.signal });
        gone.abort();
        expect(await answer).toMatchObject({ code: 'withdrawn' });
        expect([runs, ports.withdrawn]).toEqual([0, []]);
      });
    });

    it('does not use an approval for what is denied by now', async () => {
      const answer = gate.submit(command(write));
      await turn();
      ports.decide = () => deny();
      ports.answer?.(true);
      expect(await answer).toMatchObject({ code: 'denied' });
      expect([lastWords(), ports.recorded.at(-1)]).toMatchObject([[], { what: 'decided', decision: 'deny' }]);
    });
  });

  it('refuses everything once the session is closing', () => {
    closing.abort();
    expect(gate.submit(command(read))).toMatchObject({ code: 'closing' });
  });
});

const turn = () => new Promise<void>((done) => setImmediate(done));
