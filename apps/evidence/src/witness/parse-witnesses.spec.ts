import { cosignatureType, formatVerifierKey, noteType, verifierKey } from '@sallyport/engine-evidence';
import { describe, expect, it } from 'vitest';
import { parseWitnesses } from './parse-witnesses.ts';

const vkey = (name: string, type = cosignatureType) => formatVerifierKey(verifierKey(name, type, new Uint8Array(32).fill(7)));

describe('the list of witnesses', () => {
  it('is URLs with keys', () => {
    const list = parseWitnesses(` https://w.test/a/=${vkey('w.test/1')}\n http://127.0.0.1:9=${vkey('w.test/2')} `);
    expect(list.map(({ url, key }) => [url, key.name])).toEqual([['https://w.test/a/', 'w.test/1'], ['http://127.0.0.1:9/', 'w.test/2']]);
    expect(parseWitnesses('')).toEqual([]);
  });

  it.each([['x'], ['https://w.test'], [`ftp://w.test=${vkey('w')}`], [`https://w.test=${vkey('w', noteType)}`], [`https://w.test=${vkey('w').replace('+', '')}`], [`https://w.test?a=${vkey('w')}`], [`https://a=${vkey('w')} https://b=${vkey('w')}`]])('is refused as %s', (text) => {
    expect(() => parseWitnesses(text)).toThrow(RangeError);
  });
});
