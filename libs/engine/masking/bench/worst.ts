/**
 * Texts that make the detectors work hardest, in megabytes per CPU-second: what a hostile cell can cost.
 *
 *     node --conditions=@sallyport/source libs/engine/masking/bench/worst.ts
 */
import { detectorNames } from '@sallyport/domain-model';
import { createMasker } from '../src/index.ts';

const masker = createMasker({ id: 'bench', target: 'bench', columns: [], detectors: detectorNames, large: [] }, Buffer.alloc(32));
const [mask] = masker.bind([{ name: 'c', origin: 's.t.c', lineage: null, type: 'text', format: 'text' }], { touchesTagged: false }, new Set()).cells;

const pieces = {
  'digits with blanks': '1 ',
  'groups of four that are no card': '4111 ',
  'digits only': '9',
  'plus signs and digits': '+4',
  'beginnings of phone numbers': '+48 1 ',
  'beginnings of IBANs': 'DE89',
  'social security numbers in a row': '123-45-6789-',
  'nothing but cards': '4111111111111111 ',
  'zero-width spaces': '1\u200b',
  'cards inside hex words': 'a4111111111111111',
  'full-width digits': '\uff11',
  'at signs': 'a@',
};

for (const [name, piece] of Object.entries(pieces)) {
  const bytes = Buffer.from(piece.repeat(Math.ceil(4e6 / Buffer.byteLength(piece))));
  mask?.(bytes, 0, 10_000);
  const before = process.cpuUsage();
  mask?.(bytes, 0, bytes.length);
  const used = process.cpuUsage(before);
  process.stdout.write(`${name.padEnd(34)} ${(bytes.length / (used.user + used.system)).toFixed(1).padStart(7)} MB/CPU-s\n`);
}
