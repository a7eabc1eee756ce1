import { generateKeyPairSync } from 'node:crypto';
import { silentLog } from '@sallyport/platform-telemetry';
import type { Bus } from '@sallyport/platform-bus';
import { beforeEach, describe, expect, it } from 'vitest';
import { SealingKeys } from './sealing-keys.ts';

const x = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }).x ?? '';
const key = (day: string, name = 'standard') => ({ id: `${name}/${day}/0011223344556677`, day, publicKey: x });
const at = (moment: string) => Date.parse(moment);

let tell: (name: string, value: unknown) => void;
let keys: SealingKeys;

beforeEach(async () => {
  keys = new SealingKeys(silentLog);
  const bucket = { watch: (_: string, on: typeof tell) => Promise.resolve(((tell = on), () => undefined)) };
  await keys.watch({ kv: () => Promise.resolve(bucket) } as unknown as Bus);
});

describe('keys that texts are sealed to', () => {
  it('are those of the class and of the day in UTC', () => {
    tell('standard', { keys: [key('2026-11-23'), key('2026-11-24')] });
    expect(keys.current('standard', at('2026-11-23T23:59:59.999Z'))?.id).toBe('standard/2026-11-23/0011223344556677');
    expect(keys.current('standard', at('2026-11-24T00:00:00Z'))?.id).toBe('standard/2026-11-24/0011223344556677');
  });

  it('are missing for another class and for a day that was not published, and the gateway says that it waits', () => {
    expect(keys.waiting(at('2026-11-23T12:00:00Z'))).toContain('sealed');
    tell('standard', { keys: [key('2026-11-23')] });
    expect(keys.waiting(at('2026-11-23T12:00:00Z'))).toBeNull();
    expect(keys.current('long', at('2026-11-23T12:00:00Z'))).toBeNull();
    expect(keys.current('standard', at('2026-11-26T12:00:00Z'))).toBeNull();
    expect(keys.waiting(at('2026-11-26T12:00:00Z'))).toContain('sealed');
  });

  it('stay as they were when what comes cannot be read, and go when the class goes', () => {
    tell('standard', { keys: [key('2026-11-23')] });
    tell('standard', { keys: [{ ...key('2026-11-23'), publicKey: 'short' }] });
    expect(keys.current('standard', at('2026-11-23T12:00:00Z'))).not.toBeNull();
    tell('standard', null);
    expect(keys.current('standard', at('2026-11-23T12:00:00Z'))).toBeNull();
  });
});
