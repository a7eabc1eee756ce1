import { generateKeyPairSync } from 'node:crypto';
import { conceal, opened } from '@sallyport/domain-events';
import { openingSealer, openOpenings } from '../src/index.ts';

// What concealing costs whoever writes an event, and opening whoever reads it: microseconds of CPU an event, median of nine rounds.

const reader = generateKeyPairSync('x25519');
const seal = openingSealer(reader.publicKey);
const who = { id: 'person:alice', npid: null, iss: null, tok: null, jti: null, owner: null };
const machine = { ...who, id: 'machine:nightly' };
const rounds = 9;
const events = 5000;

function measure(what: string, once: () => unknown): void {
  const micros = Array.from({ length: rounds }, () => {
    const began = process.cpuUsage();
    for (let i = 0; i < events; i++) once();
    const { user, system } = process.cpuUsage(began);
    return (user + system) / events;
  }).sort((a, b) => a - b);
  console.log(`${what.padEnd(60)} ${micros[Math.floor(rounds / 2)]?.toFixed(2)} µs`);
}

const voted = { approval: 'a', by: 'alice', vote: 'approve', groups: ['dba'] } as const;
const { data, who: covered, disclosures } = conceal('approval.voted', voted, who);
const box = seal(disclosures);
measure('an event that conceals nothing (approval.consumed)', () => conceal('approval.consumed', { approval: 'a', session: 's', command: 'c' }, machine));
measure('two fields concealed (approval.voted)', () => conceal('approval.voted', voted, who));
measure('two fields concealed and sealed', () => seal(conceal('approval.voted', voted, who).disclosures));
measure('opened again: the box', () => openOpenings(box.ref, box.bytes, { reader: reader.privateKey }));
measure('opened again: the fields', () => opened({ d: data, who: covered }, disclosures));
