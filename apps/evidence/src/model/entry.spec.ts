import { describe, expect, it } from 'vitest';
import { encodeMessage, EventChain, type BlobRef } from '@sallyport/domain-events';
import { uuidv7 } from '@sallyport/domain-model';
import { hash } from 'node:crypto';
import { isStranger, readLot } from './entry.ts';

const producer = { id: 'gw-1', epoch: uuidv7() };
const ciphertext = Buffer.from('ciphertext');
const ref: BlobRef = { role: 'text', ct_sha256: hash('sha256', ciphertext, 'hex'), off: 0, len: ciphertext.length };

function message(tenant = 'default', blobs: readonly Uint8Array[] = [ciphertext], refs: readonly BlobRef[] = [ref]): Uint8Array {
  const chain = new EventChain({ tenant, sid: producer.epoch, producer }, { who: null, on: null });
  return encodeMessage({ event: chain.write('producer.heartbeat', { pseq: 0, sessions: 0 }, { id: uuidv7(), pseq: 1, wall: '2026-11-22T10:00:00.000001Z', monoUs: 1 }, null, refs), blobs });
}
const why = (subject: string, bytes: Uint8Array) => {
  const says = readLot(subject, bytes, 'default').map((read) => (isStranger(read) ? read.say : null));
  return says.length === 1 ? says[0] : says;
};

describe('reading a message of the bus', () => {
  it('takes an event with its ciphertexts on its producer\'s subject', () => {
    expect(why('ingest.gw-1.event', message())).toBe(null);
  });

  it('turns away what the ledger could not verify later, with the reason', () => {
    expect(why('ingest.gw-2.event', message())).toBe('it came on the subject of another producer');
    expect(why('ingest.gw-1.event', message('other'))).toBe('it belongs to another tenant');
    expect(why('ingest.gw-1.event', message('default', []))).toBe('its ciphertexts are not those that it names');
    expect(why('ingest.gw-1.event', message('default', [Buffer.from('ciphertexT')]))).toBe('its ciphertexts are not those that it names');
    expect(why('ingest.gw-1.event', message('default', [ciphertext], []))).toBe('its ciphertexts are not those that it names');
    expect(why('ingest.gw-1.event', message().subarray(1))).not.toBe(null);
    expect(why('ingest.gw-1.event', new Uint8Array())).not.toBe(null);
  });

  it('reads a lot of events, and takes those that are well in front of and behind one that is not', () => {
    expect(why('ingest.gw-1.event', Buffer.concat([message(), message('other'), message()]))).toEqual([null, 'it belongs to another tenant', null]);
    expect(why('ingest.gw-1.event', Buffer.concat([message(), message().subarray(0, 50)]))).toEqual([null, 'event message ends early']);
  });
});
