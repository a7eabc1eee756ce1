import type { Manifest } from './manifest.ts';

/** The `VERIFY.md` of a pack: for the person who received it and has never heard of us. */
export function verifyText({ origin, leaves, counts, checkpoints, fields }: Pick<Manifest, 'origin' | 'leaves' | 'counts' | 'checkpoints' | 'fields'>): string {
  const log = origin.slice(0, origin.lastIndexOf('/'));
  return `# How to verify this pack

This pack holds ${counts.events} events and ${counts.withheld} withheld leaves: all leaves from ${leaves.from} up to, not including, ${leaves.to} of the log \`${origin}\`,
as it was when it had ${checkpoints.to.size} leaves (root \`${checkpoints.to.root}\`).

You need one thing that must **not** come from this pack: the public key of the log \`${log}\` (a line that begins with \`${log}+\`). Ask for it in
person, by telephone or from a contract. The keys under \`keys/\` are for comparison only.

    sallyport evidence verify pack THIS-FILE --key 'THE LINE'
    node verify.mjs pack THIS-FILE --key 'THE LINE'              (one file, Node 20.12 or later, nothing else)

or open \`verify.html\` in a browser and drop the file on it: nothing leaves your machine. If you kept a checkpoint of this log from an earlier visit,
add \`--checkpoint FILE\`: it is then proven that nothing was rewritten since.

Who somebody is, where they came from and what they wrote stands in events as a salted commitment. ${fields?.opened ?? 0} such fields are opened by \`openings.jsonl\`, and the verifier checks that each has the value that was
committed to when the event was written; ${fields?.withheld ?? 0} are withheld, and \`redactions.csv\` says which and why.

If there are files under \`proofs/timestamps/\`, timestamp authorities have seen the checkpoints. With the root certificate of one that you trust, add \`--tsa ROOT.pem\`: the verifier then says before when, and not before when, all this was in the log. For a single token:

    openssl ts -verify -token_in -in proofs/timestamps/to-….tst -data CHECKPOINT-TEXT -CAfile ROOT.pem

where CHECKPOINT-TEXT is the first three lines of \`proofs/checkpoint-to\`, with their newlines.

Outcome: 0 ok, 20 tampered, 21 incomplete, 22 the key is not one that you trust. What exactly is proven, and what is not, is section 5 of the specification
(\`SPEC.md\` of the evidence library), from which you can write a verifier of your own.
`;
}
