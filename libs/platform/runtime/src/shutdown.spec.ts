import { silentLog } from '@sallyport/platform-telemetry';
import { describe, expect, it } from 'vitest';
import { inOrder, type Step } from './shutdown.ts';

describe('inOrder', () => {
  it('runs the parts in the one order, each once, whatever fails', async () => {
    const ran: string[] = [];
    const step = (at: Step['at'], fails = false): Step => ({
      at,
      name: at,
      run: async () => {
        ran.push(at);
        if (fails) throw new Error('no');
      },
    });
    const steps = [step('store'), step('bus', true), step('work', true), step('last'), step('outbox'), step('nest'), step('service', true)];
    await inOrder(steps, silentLog);
    await inOrder(steps, silentLog);
    expect(ran).toEqual(['work', 'service', 'outbox', 'nest', 'bus', 'store', 'last']);
  });
});
