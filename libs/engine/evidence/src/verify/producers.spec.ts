import { describe, expect, it } from 'vitest';
import { endCases, packOfCase, producerCases } from '../testing/producer-cases.ts';
import { verify } from '../verify.ts';
import { exitCode } from '../findings.ts';
import { verifyPack } from './verify-pack.ts';
import { verifySession } from './verify-session.ts';

const lines = (texts: readonly string[]) => texts.join('\n');

describe('keys and ends of sessions, and producers that are heard', () => {
  const cases = producerCases();

  it.each(cases)('a pack is called $verdict: $name', async (one) => {
    const { bytes, key } = await packOfCase(one);
    const report = await verifyPack(bytes, { keys: [key], producers: one.producers });
    expect(report.verdict, lines(report.faults.map(({ say }) => say))).toBe(one.verdict);
    expect(lines(one.verdict === 'ok' ? report.notes : report.faults.map(({ say }) => say))).toContain(one.says);
  });

  it.each(cases.filter(({ producers, from }) => producers.length === 0 && from === 0))('so is the ledger itself: $name', ({ events, verdict, says }) => {
    const found = verify(events.map((bytes) => ({ bytes })), 'ledger');
    expect(exitCode(found.findings), lines(found.findings.map(({ say }) => say))).toBe({ ok: 0, tampered: 20, incomplete: 21, untrusted: 22 }[verdict]);
    if (!['no end'].includes(says)) expect(lines(verdict === 'ok' ? found.notes : found.findings.map(({ say }) => say))).toContain(says);
  });

  it.each(endCases())('a session is called $verdict: $name', ({ events, verdict, says, producers }) => {
    const report = verifySession(Buffer.concat(events.flatMap((bytes) => [bytes, Buffer.from('\n')])), 'session', producers);
    expect(report.verdict, lines(report.faults.map(({ say }) => say))).toBe(verdict);
    expect(lines(verdict === 'ok' ? report.notes : report.faults.map(({ say }) => say))).toContain(says);
  });
});
