import { afterAll, beforeAll, describe, vi } from 'vitest';
import { boundsExam } from './bounds.ts';
import { endsExam } from './ends.ts';
import { leakExam } from './leaks.ts';
import { orderExam } from './order.ts';
import { refusalExam } from './refusals.ts';
import { openRoom, type Room } from './room.ts';
import { splitExam } from './splits.ts';
import type { Subject } from './subject.ts';

/**
 * What every protocol must pass to be one. An adapter's spec calls it with the pieces that only the protocol knows; the gate, the masker
 * and the order of things are the real ones, evidence and people are played.
 */
export function exam(name: string, subject: Subject): void {
  describe(`the conformance exam, sat by ${name}`, { timeout: 60_000 }, () => {
    let open: Room | null = null;
    const room = () => {
      if (open === null) throw new Error('the room is not open');
      return open;
    };
    const outputs = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')];
    const said = () => outputs.flatMap((output) => output.mock.calls.map(([text]) => String(text)));

    beforeAll(async () => {
      open = await openRoom(subject);
    }, 120_000);
    afterAll(async () => {
      for (const output of outputs) output.mockRestore();
      await open?.[Symbol.asyncDispose]();
    });

    describe('order', () => orderExam(room));
    describe('refusals', () => refusalExam(room));
    describe('splits', () => splitExam(room));
    describe('bounds', () => boundsExam(room));
    describe('ends', () => endsExam(room));
    describe('leaks', () => leakExam(room, subject, said));
  });
}
