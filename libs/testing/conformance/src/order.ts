import { deny, hold } from '@sallyport/testing-kit';
import { expect, it } from 'vitest';
import { aWhile, type Room } from './room.ts';
import type { Exchange } from './subject.ts';

/** Decide, record, forward, release: in this order. */
export function orderExam(room: () => Room): void {
  const holds = (bytes: Buffer, { texts }: Exchange) => texts.some((text) => bytes.includes(text));

  it.each(['read', 'change'] as const)('no byte of a %s reaches the target before its permit', async (kind) => {
    const exchange = room().subject[kind];
    await using sitting = await room().scripted({ ports: (ports) => (ports.decide = hold) });
    const { client, target, ports, session } = sitting;
    client.send(exchange.bytes);
    await expect.poll(() => ports.opened.length).toBe(1);
    await aWhile();
    expect(holds(target.received(), exchange)).toBe(false);
    expect(session.gate.permits).toEqual([]);
    ports.answer?.(true);
    await client.until((received) => exchange.answered(received));
    expect(holds(target.received(), exchange)).toBe(true);
    expect(session.gate.permits.map(({ spent }) => spent)).toEqual(exchange.texts.map(() => 1));
  });

  it.each(['read', 'change'] as const)('no byte of a refused %s ever reaches the target', async (kind) => {
    const exchange = room().subject[kind];
    await using sitting = await room().scripted({ ports: (ports) => (ports.decide = () => deny()) });
    const { client, target, session } = sitting;
    await client.ask(exchange);
    await aWhile();
    expect(holds(target.received(), exchange)).toBe(false);
    expect(session.gate.permits).toEqual([]);
  });

  it('a change goes on only when its evidence is durable', async () => {
    const { change } = room().subject;
    await using sitting = await room().scripted({ ports: (ports) => (ports.autoDurable = false) });
    const { client, target, ports } = sitting;
    client.send(change.bytes);
    await expect.poll(() => ports.recorded.filter(({ what }) => what === 'decided').length).toBe(1);
    await aWhile();
    expect(holds(target.received(), change)).toBe(false);
    ports.autoDurable = true;
    ports.settleEvidence();
    await client.until((received) => change.answered(received));
    expect(holds(target.received(), change)).toBe(true);
  });

  it('a change whose evidence cannot be made durable never goes on, and is refused', async () => {
    const { change, refusals } = room().subject;
    await using sitting = await room().scripted({ ports: (ports) => (ports.autoDurable = false) });
    const { client, target, ports } = sitting;
    client.send(change.bytes);
    await expect.poll(() => ports.recorded.length).toBe(1);
    ports.autoDurable = true;
    ports.settleEvidence(new Error('no disk'));
    const answer = await client.until((received) => change.answered(received));
    expect(refusals(answer)).toHaveLength(1);
    expect(holds(target.received(), change)).toBe(false);
  });

  it('a read goes on at once, and no byte of its result comes before its evidence is durable', async () => {
    const { read } = room().subject;
    await using sitting = await room().scripted({ ports: (ports) => (ports.autoDurable = false) });
    const { client, target, ports } = sitting;
    client.send(read.bytes);
    await expect.poll(() => holds(target.received(), read)).toBe(true);
    await aWhile();
    expect(client.received.length).toBe(0);
    ports.autoDurable = true;
    ports.settleEvidence();
    await client.until((received) => read.answered(received));
  });

  it('while no evidence can be taken, nothing goes on, and afterwards the session does', async () => {
    const { read, refusals } = room().subject;
    await using sitting = await room().scripted({ ports: (ports) => (ports.refusing = 'the journal is full') });
    const { client, target, ports } = sitting;
    expect(refusals(await client.ask(read))).toHaveLength(1);
    expect(holds(target.received(), read)).toBe(false);
    ports.refusing = null;
    expect(refusals(await client.ask(read))).toHaveLength(0);
    expect(holds(target.received(), read)).toBe(true);
  });

  it('commands that come all at once keep their order, to the target and back', async () => {
    const pipeline = room().subject.pipeline(200);
    await using sitting = await room().realTarget();
    const answer = await sitting.client.ask(pipeline);
    expect(sitting.session.gate.submitted).toEqual(pipeline.texts);
    expect(pipeline.order(answer)).toEqual(pipeline.texts.map((_, i) => i));
  });

  it('commands behind one that waits for people wait too, in order', async () => {
    const { read, change } = room().subject;
    await using sitting = await room().scripted({ ports: (ports) => (ports.decide = (means) => (means.verb === 'read' ? hold() : { ...hold(), kind: 'allow', obligations: { maxRows: null, maxBytes: null } })) });
    const { client, target, ports, session } = sitting;
    client.send(Buffer.concat([read.bytes, change.bytes]));
    await expect.poll(() => ports.opened.length).toBe(1);
    await aWhile();
    expect(session.gate.submitted).toEqual(read.texts);
    expect(holds(target.received(), change)).toBe(false);
    ports.answer?.(true);
    await expect.poll(() => holds(target.received(), change)).toBe(true);
    expect(session.gate.submitted).toEqual([...read.texts, ...change.texts]);
  });

  it('a permit is spent exactly once for each command that went on, and settled exactly once', async () => {
    await using sitting = await room().realTarget();
    for (const stream of room().subject.streams) await sitting.client.ask(stream);
    const { permits } = sitting.session.gate;
    expect(permits.length).toBeGreaterThan(0);
    for (const { spent, settled } of permits) expect([spent, settled.length]).toEqual([1, 1]);
  });
}
