import fc from 'fast-check';

/** Where and how a message is damaged: bytes changed, cut off, repeated or put in between. */
export type Damage = readonly (readonly [kind: 'flip' | 'cut' | 'again' | 'insert' | 'length', at: number, value: number])[];

export const damage: fc.Arbitrary<Damage> = fc.array(fc.tuple(fc.constantFrom('flip', 'cut', 'again', 'insert', 'length'), fc.nat({ max: 1_000_000 }), fc.nat({ max: 0xffff_ffff })), { minLength: 1, maxLength: 4 });

/** The message with its damage; places are taken modulo its length. */
export function damaged(message: Uint8Array, all: Damage): Buffer {
  let bytes = Buffer.from(message);
  for (const [kind, place, value] of all) {
    const at = bytes.length === 0 ? 0 : place % bytes.length;
    switch (kind) {
      case 'flip':
        if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ ((value % 255) + 1);
        break;
      case 'cut':
        bytes = bytes.subarray(0, at);
        break;
      case 'again':
        bytes = Buffer.concat([bytes, bytes.subarray(at)]);
        break;
      case 'insert':
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([value & 255, (value >> 8) & 255]), bytes.subarray(at)]);
        break;
      case 'length':
        // Lengths are 32 bits wide everywhere on this wire.
        if (at + 4 <= bytes.length) bytes.writeUInt32BE(value, at);
        break;
    }
  }
  return bytes;
}
