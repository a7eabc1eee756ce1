import { readFileSync, writeFileSync } from 'node:fs';
import type { MaskPlan } from '@sallyport/domain-model';
import { decodePieces } from '@sallyport/domain-events';
import { missingSshd } from '@sallyport/testing-servers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';

const card = '4111 1111 1111 1111';
const plan: MaskPlan = { id: 'p', target: 'shell-box', columns: [], detectors: ['card', 'ssn', 'email'], large: [] };

describe.skipIf(missingSshd !== null)('what a target shows, with detectors in force', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ plan });
  });
  afterAll(() => world[Symbol.asyncDispose]());
  beforeEach(() => void (world.ports.recorded.length = 0));
  const recording = () => Buffer.concat(world.ports.recorded.flatMap((one) => (one.what === 'recording' && one.type === 'recording.segment' && one.bytes !== null ? decodePieces(one.bytes).map(({ bytes }) => Buffer.from(bytes)) : []))).toString();

  it.each([
    ['on stdout', `echo 'it is ${card} of him'`],
    ['on stderr', `echo 'it is ${card} of him' >&2; exit 0`],
    ['in two writes with a pause', `printf 'it is 4111 1111 '; sleep 0.6; printf '1111 1111 of him\\n'`],
    ['byte by byte', `for c in 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1; do printf $c; sleep 0.02; done; echo`],
    ['with colours in it', String.raw`printf 'it is 4111 \033[1m1111 \033[0m1111 1111 of him\n'`],
  ])('a value is hidden %s, in what the client sees and in the recording', async (_where, command) => {
    const { code, out, err } = await world.ssh([command]);
    expect(code).toBe(0);
    expect((out + err).replaceAll(/\D/g, '')).not.toContain('4111111111111111');
    expect(recording().replaceAll(/\D/g, '')).not.toContain('4111111111111111');
    expect(recording()).toBe(out + err);
    expect(world.ports.recorded.some((one) => one.what === 'masked' && one.columns.some(({ tag }) => tag === 'pci.pan'))).toBe(true);
  });

  it('on a terminal too', async () => {
    const { out } = await world.ssh(['-tt', '127.0.0.1', `echo 'it is ${card} of him'`]);
    expect(out).toContain('************1111');
    expect(recording()).toBe(out);
  });

  it('files that rsync moves are not touched, and are counted and hashed', async () => {
    const shell = ['ssh', ...world.options, '-p', String(world.door.port)].join(' ');
    writeFileSync(`${world.path}/cards`, `${card}\n`.repeat(1000));
    expect(await world.run('rsync', ['-e', shell, `${world.path}/cards`, `127.0.0.1:${world.sshd.files}/cards`])).toMatchObject({ code: 0 });
    expect(readFileSync(`${world.sshd.files}/cards`, 'utf8')).toBe(`${card}\n`.repeat(1000));
    expect(world.ports.recorded).toContainEqual({ what: 'content.passed', data: expect.objectContaining({ direction: 'write', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }) });
  });
});
