import { expect, it } from 'vitest';
import type { MaskPlan } from '@sallyport/domain-model';
import type { Room, Sitting } from './room.ts';
import type { Exchange, ScriptedTarget } from './subject.ts';

/** How many places of a stream are tried; longer streams are cut at so many places, evenly spread. */
const places = 80;

/** Streams are bytes: where the network cuts them means nothing. */
export function splitExam(room: () => Room): void {
  it('any split of the client’s stream gives the same commands and the same bytes to the target', async () => {
    for (const stream of room().subject.streams) {
      await using sitting = await room().scripted();
      const whole = await said(sitting, stream, [stream.bytes]);
      expect(whole.commands, stream.name).toEqual(stream.texts);
      for (const pieces of cuts(stream.bytes)) expect(await said(sitting, stream, pieces), stream.name).toEqual(whole);
      expect(await said(sitting, stream, singles(stream.bytes)), stream.name).toEqual(whole);
    }
  });

  it.each(['with', 'without'] as const)('any split of the target’s stream gives the client the same bytes, %s masks', async (masks) => {
    for (const { name, ask, reply } of room().subject.answers) {
      await using sitting = await room().scripted({ plan: masks === 'with' ? anyPlan : null });
      const { client, target } = sitting;
      const hear = async (pieces: readonly Buffer[]): Promise<string> => {
        target.reply = pieces;
        return (await client.ask(ask)).toString('latin1');
      };
      // What is said once in a session is said now.
      await hear([reply]);
      const whole = await hear([reply]);
      for (const pieces of cuts(reply)) expect(await hear(pieces), name).toBe(whole);
      expect(await hear(singles(reply)), name).toBe(whole);
    }
  });
}

/** Something is classified, so that every result is bound to masks. */
const anyPlan: MaskPlan = { id: 'exam', target: 'exam', columns: [{ column: 'a.b.c', tag: 'us.ssn', action: 'redact' }], detectors: ['card', 'ssn', 'email'], large: [] };

async function said(sitting: Sitting & { readonly target: ScriptedTarget }, stream: Exchange, pieces: readonly Buffer[]): Promise<{ readonly commands: readonly string[]; readonly bytes: string }> {
  const { client, target, session } = sitting;
  const before = session.gate.submitted.length;
  target.forget();
  client.sendInPieces(pieces);
  await client.until((received) => stream.answered(received));
  return { commands: session.gate.submitted.slice(before), bytes: target.received().toString('latin1') };
}

function* cuts(bytes: Buffer): Iterable<readonly Buffer[]> {
  const step = Math.max(1, Math.ceil(bytes.length / places));
  for (let at = 1; at < bytes.length; at += step) yield [bytes.subarray(0, at), bytes.subarray(at)];
}

function singles(bytes: Buffer): readonly Buffer[] {
  return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}
