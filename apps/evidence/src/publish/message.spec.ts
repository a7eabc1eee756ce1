import { EventChain } from '@sallyport/domain-events';
import { uuidv7 } from '@sallyport/domain-model';
import { describe, expect, it } from 'vitest';
import { checkpointMessage, leafMessage } from './message.ts';

const sha256 = 'ab'.repeat(32);
const told = { leaf: 7, event: 'e-1', sha256, received: '2026-11-23T03:00:00.000Z' };

describe('a published leaf', () => {
  it('has the stored bytes, and its type in the subject', () => {
    const body = new EventChain({ tenant: 'default', sid: uuidv7(), producer: { id: 'p', epoch: 'e' } }, { who: null, on: null })
      .write('producer.heartbeat', { pseq: 1, sessions: 0 }, { id: uuidv7(), pseq: 1, wall: '2026-11-23T03:00:00.000000Z', monoUs: 1 });
    const message = leafMessage('default', { ...told, body });
    expect(message.subject).toBe('evidence.v1.default.producer.heartbeat');
    expect(message.payload).toBe(body);
    expect(Object.fromEntries(message.headers)).toEqual({
      'Nats-Msg-Id': '7.abababababababab', 'Sallyport-Leaf': '7', 'Sallyport-Event': 'e-1', 'Sallyport-Sha256': sha256, 'Sallyport-Received': '2026-11-23T03:00:00.000Z',
    });
  });

  it.each(['', 'no event', '{"v":1,"id":"x","type":"a.>"', '{"v":1,"id":"x","type":"a.b.c"', '{"v":1,"id":"x","type":"a b"', '{"type":"a.b"}'])('cannot choose its subject: %j', (text) => {
    expect(leafMessage('default', { ...told, body: Buffer.from(text) }).subject).toBe('evidence.v1.default.log.unreadable');
  });

  it('whose body is gone leaves no hole', () => {
    const message = leafMessage('default', { leaf: 3, event: null, sha256: null, received: null, body: null });
    expect(message).toEqual({ subject: 'evidence.v1.default.log.missing', headers: [['Nats-Msg-Id', '3.missing'], ['Sallyport-Leaf', '3']], payload: new Uint8Array() });
  });
});

it('a checkpoint is the note as it was signed, and no leaf', () => {
  const message = checkpointMessage('default', 9, 'origin\n9\nroot\n');
  expect([message.subject, message.headers, Buffer.from(message.payload).toString()]).toEqual(['evidence.v1.default.log.checkpoint', [['Sallyport-Checkpoint', '9']], 'origin\n9\nroot\n']);
});
