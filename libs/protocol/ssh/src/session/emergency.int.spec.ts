import { decodePieces } from '@sallyport/domain-events';
import { allow } from '@sallyport/testing-kit';
import { missingSshd } from '@sallyport/testing-servers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';

describe.skipIf(missingSshd !== null)('a session by an emergency’s leave', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());
  beforeEach(() => {
    world.ports.decide = () => allow();
    world.ports.leased = false;
    world.ports.renewal = { ...world.ports.live, record: true };
    world.ports.recorded.length = 0;
  });
  const recorded = () => Buffer.concat(world.ports.recorded.flatMap((one) => (one.what === 'recording' && one.type === 'recording.segment' && one.bytes !== null ? decodePieces(one.bytes).map(({ bytes }) => Buffer.from(bytes)) : [])));

  it('shows what is recorded', async () => {
    const { code, out } = await world.ssh(['head -c 300000 /dev/zero | tr "\\0" x']);
    expect([code, out.length, recorded().toString()]).toEqual([0, 300_000, out]);
  });

  it('shows nothing that is not: where the recording is full, the command ends and says so', async () => {
    const { code, out, err } = await world.ssh(['head -c 3000000 /dev/zero | tr "\\0" x']);
    expect([code, out.length <= recorded().length, recorded().length <= 1_048_576]).toEqual([126, true, true]);
    expect(err).toContain('sallyport: refused (limit)');
    world.ports.renewal = { ...world.ports.live, record: false };
    expect(await world.ssh(['head -c 3000000 /dev/zero | tr "\\0" x'])).toMatchObject({ code: 0, out: expect.stringMatching(/^x{3000000}$/) });
  });
});
