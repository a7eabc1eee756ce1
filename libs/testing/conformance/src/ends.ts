import { refusal } from '@sallyport/domain-model';
import { hold } from '@sallyport/testing-kit';
import { expect, it } from 'vitest';
import { aWhile, settleIn, type Room, type Sitting } from './room.ts';
import type { ScriptedTarget } from './subject.ts';

type Scene = Sitting & { readonly target: ScriptedTarget };

/** What was going on when the session ended. */
const states: Readonly<Record<string, (scene: Scene, room: Room) => Promise<void>>> = {
  'a running read': async ({ client, target }, { subject }) => {
    client.send(subject.read.bytes);
    await expect.poll(() => target.received().length).toBeGreaterThan(0);
  },
  'a result that waits for its evidence': async ({ client, target, ports }, { subject }) => {
    ports.autoDurable = false;
    target.mood = 'answers';
    client.send(subject.read.bytes);
    await expect.poll(() => ports.recorded.some(({ what }) => what === 'settled')).toBe(true);
    target.mood = 'is silent';
    client.send(subject.read.bytes);
    await expect.poll(() => ports.recorded.filter(({ what }) => what === 'decided').length).toBe(2);
  },
  'a change that waits for its evidence, with more behind it': async ({ client, ports }, { subject }) => {
    ports.autoDurable = false;
    client.send(Buffer.concat([subject.change.bytes, subject.read.bytes, subject.change.bytes]));
    await expect.poll(() => ports.recorded.length).toBeGreaterThan(0);
  },
  'a command that waits for people, behind one that runs': async ({ client, ports }, { subject }) => {
    ports.decide = (means) => (means.verb === 'read' ? { ...hold(), kind: 'allow', obligations: { maxRows: null, maxBytes: null } } : hold());
    client.send(Buffer.concat([subject.read.bytes, subject.change.bytes, subject.read.bytes]));
    await expect.poll(() => ports.opened.length).toBe(1);
  },
  'a long pipeline': async ({ client, target }, { subject }) => {
    client.send(Buffer.concat(Array.from({ length: 50 }, () => subject.read.bytes)));
    await expect.poll(() => target.received().length).toBeGreaterThan(0);
  },
};

/** The ways in which a session can end. */
const ways: Readonly<Record<string, (scene: Scene, room: Room) => void>> = {
  'the client vanishing': ({ client }) => client.vanish(),
  'the target closing': ({ target }) => target.connection().end(),
  'the target vanishing': ({ target }) => target.connection().resetAndDestroy(),
  'the target talking nonsense': ({ target }) => void target.connection().write(Buffer.alloc(64, 0xff)),
  'a message that the protocol does not have': ({ client }, { subject }) => client.send(subject.unknown),
  'a kill': ({ session }) => session.kill(refusal('closing', 'the end', 'r')),
  'evidence that cannot be had': ({ ports, client }) => {
    ports.settleEvidence(new Error('no disk'));
    ports.settleEvidence();
    client.vanish();
  },
};

/** Nothing is left open, however it ends. */
export function endsExam(room: () => Room): void {
  const cases = Object.keys(states).flatMap((state) => Object.keys(ways).map((way) => [way, state] as const));
  it.each(cases)('every permit is settled exactly once when %s ends a session with %s', async (way, state) => {
    await using scene = await room().scripted();
    const { client, session, ports } = scene;
    await settleIn(scene, room().subject);
    scene.target.mood = 'is silent';
    await states[state]?.(scene, room());
    ways[way]?.(scene, room());
    // A frame behind one that waits is read only when the wait is over: by now it may be.
    await Promise.race([session.end, aWhile(100)]);
    ports.autoDurable = true;
    ports.settleEvidence();
    ports.answer?.(true);
    await Promise.race([session.end, aWhile(100)]);
    client.vanish();
    await session.end;
    await aWhile(10);
    const { permits } = session.gate;
    for (const { spent, settled } of permits) expect([spent <= 1, settled.length]).toEqual([true, 1]);
    const settled = ports.recorded.flatMap((one) => (one.what === 'settled' ? [one.result.command] : []));
    const allowed = ports.recorded.flatMap((one) => (one.what === 'decided' && one.decision === 'allow' ? [one.command] : []));
    expect(allowed.length).toBeGreaterThan(0);
    expect([...settled].sort()).toEqual([...allowed].sort());
  });
}
