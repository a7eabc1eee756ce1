import { allow, deny, hold } from '@sallyport/testing-kit';
import { missingSshd } from '@sallyport/testing-servers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';

describe.skipIf(missingSshd !== null)('commands of a real OpenSSH client at a real sshd', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());
  beforeEach(() => {
    world.ports.decide = () => allow();
    world.ports.recorded.length = 0;
  });

  it('run, with their output, their errors and their status', async () => {
    expect(await world.ssh(['echo out; echo err >&2; exit 7'])).toEqual({ code: 7, out: 'out\n', err: 'err\n' });
    expect(world.ports.recorded.filter(({ what }) => what !== 'recording')).toMatchObject([{ what: 'decided', decision: 'allow', text: 'echo out; echo err >&2; exit 7' }, { what: 'settled', result: { status: 'failed', error: '7', bytes: 8 } }]);
  });

  it('take their input', async () => {
    for (const size of [0, 1, 3_000_000, 20_000_000]) expect(await world.ssh(['wc -c'], { input: 'x'.repeat(size) })).toEqual({ code: 0, out: `${size}\n`, err: '' });
  });

  it('that are denied are answered with status 126 and a line that scripts can look for', async () => {
    world.ports.decide = () => deny('not on this box');
    const { code, out, err } = await world.ssh(['echo never']);
    expect([code, out]).toEqual([126, '']);
    expect(err).toMatch(/^sallyport: refused \(denied\) request [0-9a-f-]{36}\nsallyport: .*not on this box/);
  });

  it('that are held say so on stderr, and run when somebody has agreed', async () => {
    world.ports.decide = hold;
    const answer = world.ssh(['echo at last']);
    await expect.poll(() => world.ports.answer !== null).toBe(true);
    world.ports.decide = () => hold();
    world.ports.answer?.(true);
    const { code, out, err } = await answer;
    expect([code, out]).toEqual([0, 'at last\n']);
    expect(err).toMatch(/^sallyport: waiting for approval approval-1 until /);
  });

  it('die by a signal as they do without us', async () => {
    const { code } = await world.ssh(['kill -TERM $$']);
    expect(code).toBe(255);
    expect(world.ports.recorded.at(-1)).toMatchObject({ result: { status: 'failed', error: 'SIGTERM' } });
  });

  it('on a terminal see one', async () => {
    const { code, out } = await world.ssh(['-tt', '127.0.0.1', 'tty >/dev/null && stty size'], { input: '' });
    expect([code, out]).toMatchObject([0, expect.stringMatching(/^\d+ \d+\r\n$/)]);
  });

  it('have their megabytes passed on whole', async () => {
    const { code, out } = await world.ssh(["head -c 20000000 /dev/zero | tr '\\0' x"]);
    expect([code, out.length]).toEqual([0, 20_000_000]);
  });

  it('go on while keys are exchanged again, as often as the client likes', async () => {
    const { code, out } = await world.ssh(['-o', 'RekeyLimit=1M', '127.0.0.1', "head -c 8000000 /dev/zero | tr '\\0' x"]);
    expect([code, out.length]).toEqual([0, 8_000_000]);
    expect(await world.ssh(['-o', 'RekeyLimit=1M', '127.0.0.1', 'wc -c'], { input: 'x'.repeat(8_000_000) })).toMatchObject({ code: 0, out: '8000000\n' });
  });

  it('of many clients at once do not mix', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => world.ssh([`echo ${i}; sleep 0.1; echo ${i} >&2; exit ${i}`])));
    expect(answers).toEqual(Array.from({ length: 12 }, (_, i) => ({ code: i, out: `${i}\n`, err: `${i}\n` })));
  });
});
