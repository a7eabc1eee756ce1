import { evidenceNote, type Bus } from '@sallyport/platform-bus';
import { every } from '@sallyport/platform-runtime';
import type { Log } from '@sallyport/platform-telemetry';
import { version } from './version.ts';

const by = { person: 'console', roles: [], groups: [], source: 'console' };
/** Milliseconds between tries to have the beginning noted: the evidence service may start later than this one. */
const againMs = 2_000;
/** How long the end may wait to be noted, in milliseconds. */
const lastWordMs = 1_000;

/**
 * Has the beginning and the end of this process noted as evidence. The console keeps no outbox, so both are as good as the evidence service is there: the beginning
 * is told until it is noted, the end once.
 */
export function tellLife(bus: Pick<Bus, 'call'>, log: Log): () => Promise<void> {
  let told = false;
  const stop = every({ ms: againMs, what: 'having the start noted', log, first: 'now' }, async () => {
    if (told) return;
    const reply = await bus.call(evidenceNote, { by, type: 'service.started', data: { service: 'console', version, node: process.version } });
    told = reply.ok;
  });
  return async () => {
    await stop();
    const reply = await bus.call(evidenceNote, { by, type: 'service.stopped', data: { service: 'console', why: 'signal' } }, lastWordMs);
    if (!reply.ok) log.warn('the end of this process could not be noted as evidence', { why: reply.error.code });
  };
}
