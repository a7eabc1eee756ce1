import { expect, it } from 'vitest';
import { credential, type Room } from './room.ts';
import type { Subject } from './subject.ts';

/** What must not come out. `said`: what the process has printed meanwhile. */
export function leakExam(room: () => Room, { masked }: Pick<Subject, 'masked'>, said: () => readonly string[]): void {
  const { ways, canaries, plan } = masked;

  it.each(ways.filter(({ shown }) => shown === 'plain').map(({ name }) => name))('without a plan the value does come out, so that it can be missed: %s', async (name) => {
    await using sitting = await room().realTarget();
    const answer = await sitting.client.ask(wayOf(name));
    expect(canaries.some((canary) => answer.includes(canary))).toBe(true);
  });

  it.each(ways.map(({ name }) => name))('a masked value never leaves: %s', async (name) => {
    await using sitting = await room().realTarget({ plan });
    await sitting.client.ask(wayOf(name));
    const { everything } = sitting.client;
    for (const canary of canaries) for (const form of forms(canary)) expect(everything.includes(form), `a form of a canary of ${canary.length} characters`).toBe(false);
  });

  it('a masked value is in no event', async () => {
    await using sitting = await room().realTarget({ plan });
    for (const way of ways) await sitting.client.ask(way);
    const recorded = JSON.stringify(sitting.ports.recorded);
    for (const canary of canaries) expect(recorded).not.toContain(canary);
  });

  it('the target’s credential is in nothing that any client, event or log has got in this exam', () => {
    const traces = [...room().traces, ...said()];
    expect(traces.length).toBeGreaterThan(10);
    for (const word of Object.values(credential)) for (const form of forms(word)) expect(traces.some((trace) => trace.includes(form.toString('latin1')))).toBe(false);
  });

  function wayOf(name: string): Subject['masked']['ways'][number] {
    const way = ways.find((one) => one.name === name);
    if (way === undefined) throw new Error(`no way ${name}`);
    return way;
  }
}

/** A value as it is, and as it could be written. */
function forms(value: string): readonly Buffer[] {
  const bytes = Buffer.from(value);
  const base64 = bytes.toString('base64').replace(/=+$/, '');
  return [bytes, Buffer.from(bytes.toString('hex')), Buffer.from(bytes.toString('hex').toUpperCase()), Buffer.from(base64.slice(0, base64.length - 2)), Buffer.from(value, 'utf16le'), Buffer.from([...value].reverse().join(''))];
}
