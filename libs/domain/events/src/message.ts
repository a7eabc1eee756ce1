/**
 * The unit that travels from a producer to the ledger and stands in its journal: one event with its ciphertext.
 *
 *     byte 0       version, 1
 *     u32          length of the event, then the event's stored bytes (UTF-8 JSON)
 *     u8           number of blobs, then for each: u32 length, ciphertext
 *
 * All integers big-endian.
 */
export interface EventMessage {
  readonly event: Uint8Array;
  readonly blobs: readonly Uint8Array[];
}

/** Largest event in bytes; what is larger belongs into a blob. */
export const maxEventBytes = 256 * 1024;
/** Largest whole message in bytes. */
export const maxMessageBytes = 8 * 1024 * 1024;
const version = 1;

export class MalformedMessageError extends Error {
  readonly code = 'ERR_MALFORMED_EVENT_MESSAGE';
}

export function encodeMessage(message: EventMessage): Uint8Array {
  const { event, blobs } = message;
  let size = 6 + event.byteLength;
  for (const blob of blobs) size += 4 + blob.byteLength;
  if (event.byteLength > maxEventBytes || size > maxMessageBytes || blobs.length > 255) throw new MalformedMessageError(`event message of ${size} bytes is over the limit`);
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  out[0] = version;
  view.setUint32(1, event.byteLength);
  out.set(event, 5);
  let at = 5 + event.byteLength;
  out[at++] = blobs.length;
  for (const blob of blobs) {
    view.setUint32(at, blob.byteLength);
    out.set(blob, at + 4);
    at += 4 + blob.byteLength;
  }
  return out;
}

/** Views into `bytes`, no copies. Throws MalformedMessageError on anything but one whole message. */
export function decodeMessage(bytes: Uint8Array): EventMessage {
  const { message, next } = decodeAt(bytes, 0);
  if (next !== bytes.byteLength) throw new MalformedMessageError('event message has trailing bytes');
  return message;
}

/** Most messages in one lot. */
export const maxLotMessages = 256;

/**
 * A lot: messages one behind the other, as a producer puts what came at the same time into one message of the bus. One message is a lot of one.
 * @returns how far it can be read: what is not a whole message is left over, and `say` is why. Views, no copies.
 */
export function decodeLot(lot: Uint8Array): { readonly messages: readonly EventMessage[]; readonly rest: Uint8Array | null; readonly say: string } {
  const messages: EventMessage[] = [];
  let at = 0;
  try {
    while (at < lot.byteLength || messages.length === 0) {
      if (messages.length === maxLotMessages) throw new MalformedMessageError(`a lot holds more than ${maxLotMessages} event messages`);
      const { message, next } = decodeAt(lot, at);
      messages.push(message);
      at = next;
    }
  } catch (error) {
    if (!(error instanceof MalformedMessageError)) throw error;
    return { messages, rest: lot.subarray(at), say: error.message };
  }
  return { messages, rest: null, say: '' };
}

function decodeAt(bytes: Uint8Array, from: number): { readonly message: EventMessage; readonly next: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const need = (at: number, count: number) => {
    if (at + count > bytes.byteLength) throw new MalformedMessageError('event message ends early');
  };
  need(from, 6);
  if (bytes[from] !== version) throw new MalformedMessageError(`event message version ${bytes[from]} is not known`);
  const length = view.getUint32(from + 1);
  need(from + 5, length + 1);
  const event = bytes.subarray(from + 5, from + 5 + length);
  let at = from + 5 + length;
  const count = bytes[at++] ?? 0;
  const blobs: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    need(at, 4);
    const size = view.getUint32(at);
    need(at + 4, size);
    blobs.push(bytes.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return { message: { event, blobs }, next: at };
}
