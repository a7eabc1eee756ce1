import { describe, expect, it } from 'vitest';
import type { Bus } from '@sallyport/platform-bus';
import { Gateways } from './gateways.ts';

function made() {
  let now = 1_000_000;
  let hear: (value: unknown, subject: string) => void = () => undefined;
  const bus: Pick<Bus, 'subscribe'> = {
    subscribe: (_subject, schema, on) => {
      hear = (value, subject) => on(schema.parse(value), subject);
      return () => undefined;
    },
  };
  const gateways = new Gateways(bus, () => now);
  return { gateways, wait: (ms: number) => void (now += ms), say: (name: string, waiting = {}, notes = {}) => hear({ waiting, notes }, `control.gateway.${name}.health`) };
}

describe('gateways, as the console hears them', () => {
  it('answer when nothing is wrong with them', () => {
    const { gateways, say } = made();
    say('gw-2');
    say('gw-1');
    expect(gateways.health()).toEqual([{ service: 'gw-1', ok: true, say: 'answers' }, { service: 'gw-2', ok: true, say: 'answers' }]);
  });

  it('are not well while something is noted of them, as compiled crypto that is missing', () => {
    const { gateways, say } = made();
    say('gw-1', {}, { ssh: 'ssh2 runs without its compiled crypto' });
    expect(gateways.health()).toEqual([{ service: 'gw-1', ok: false, say: 'ssh: ssh2 runs without its compiled crypto' }]);
    say('gw-1', { bus: 'the bus' });
    expect(gateways.health()).toEqual([{ service: 'gw-1', ok: false, say: 'not ready, waits for bus: the bus' }]);
    say('gw-1');
    expect(gateways.health()[0]?.ok).toBe(true);
  });

  it('are silent after three that did not come, and forgotten after a day', () => {
    const { gateways, say, wait } = made();
    say('gw-1');
    wait(60_000);
    expect(gateways.health()).toEqual([{ service: 'gw-1', ok: false, say: 'silent for 60 s' }]);
    wait(24 * 3600 * 1000);
    say('gw-2');
    expect(gateways.health()).toEqual([{ service: 'gw-2', ok: true, say: 'answers' }]);
  });

  it('are missed when none was heard, but not before one could have been', () => {
    const { gateways, wait } = made();
    expect(gateways.health()).toEqual([]);
    wait(20_000);
    expect(gateways.health()).toEqual([{ service: 'gateway', ok: false, say: 'none has been heard since the console started' }]);
  });
});
