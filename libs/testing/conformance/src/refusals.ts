import { allow, deny } from '@sallyport/testing-kit';
import { expect, it } from 'vitest';
import { openDoor } from './door.ts';
import { aWhile, credential, type Room } from './room.ts';

/** "No" is said in the client's own language. */
export function refusalExam(room: () => Room): void {
  it('a refusal is readable, names its reason and request, is recorded, and the session survives', async () => {
    const { read, refusals } = room().subject;
    await using sitting = await room().scripted({ ports: (ports) => (ports.decide = () => deny('on Sundays nobody reads')) });
    const { client, ports, session } = sitting;
    const answer = await client.ask(read);
    expect(refusals(answer)).toEqual([expect.stringContaining('on Sundays nobody reads')]);
    expect(answer.includes(session.gate.refusals[0]?.requestId ?? 'a request id')).toBe(true);
    expect(ports.recorded).toMatchObject([{ what: 'decided', decision: 'deny' }]);
    ports.decide = () => allow();
    expect(refusals(await client.ask(read))).toEqual([]);
  });

  it('a message that the protocol does not have is refused, recorded, and never relayed', async () => {
    const { unknown, refusals, read } = room().subject;
    await using sitting = await room().scripted();
    const { client, target, ports } = sitting;
    await client.ask(read);
    target.forget();
    client.send(unknown);
    await expect.poll(() => refusals(client.received).length).toBe(1);
    await aWhile();
    expect(target.received().includes(unknown)).toBe(false);
    expect(ports.recorded.at(-1)).toMatchObject({ what: 'command.refused' });
  });

  it('a target that refuses the login is told without a word of its own', async () => {
    const target = await room().subject.scripted({ username: 'somebody else', secret: 'another' });
    target.mood = 'refuses the login';
    await using guard = target;
    await expect(turnedAway(room(), guard.target)).resolves.not.toMatch(/somebody|another|exam_user|exam-S3cret/);
  });
}

async function turnedAway(room: Room, target: Room['real']['target']): Promise<string> {
  await using door = await openDoor({ adapter: room.adapter, target, credential, tls: room.tls.pem });
  const said = (await room.subject.turnedAway({ port: door.port, ca: room.tls.pem.ca })).toString('latin1');
  expect(said.length).toBeGreaterThan(0);
  expect(await door.latest().end).toMatchObject({ by: 'failed' });
  room.traces.push(said);
  return said;
}
