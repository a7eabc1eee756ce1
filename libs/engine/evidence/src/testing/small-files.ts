import { toBase64, utf8 } from '../note/text.ts';
import { formatHashes } from '../pack/range-proof.ts';
import { parseEnvelope } from '../parse-envelope.ts';
import type { Verdict } from '../verify/faults.ts';
import { logKey, logName, logSigner, otherKey, otherSigner } from './sample-log.ts';
import type { Sample } from './sample-pack.ts';

/** A case of one of the verifiers that take less than a pack. */
export interface SmallCase {
  readonly name: string;
  readonly verdict: Verdict;
  readonly command: 'session' | 'proof' | 'consistency';
  /** session: the file. proof: the proof and the event. consistency: the two checkpoints and the proof. */
  readonly files: readonly Uint8Array[];
  readonly keys: readonly string[];
}

export async function smallCases({ log, sid }: Sample): Promise<SmallCase[]> {
  const all: SmallCase[] = [];
  const add = (command: SmallCase['command'], name: string, verdict: Verdict, files: readonly (Uint8Array | string)[], keys: readonly string[] = [logKey]) =>
    void all.push({ command, name, verdict, files: files.map((file) => (typeof file === 'string' ? utf8(file) : file)), keys });
  const texts = (session: string) => log.events.filter((bytes) => parseEnvelope(bytes).sid === session).map((bytes) => Buffer.from(bytes).toString());
  const file = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
  const long = texts(sid.long);

  add('session', 'as it was written', 'ok', [file(long)]);
  add('session', 'as lines of a pack', 'ok', [file(long.map((line, i) => `{"i":${i},"event":"${toBase64(utf8(line))}"}`))]);
  add('session', 'one that was refused', 'ok', [file(texts(sid.turned))]);
  add('session', 'two sessions', 'ok', [file([...texts(sid.early), ...long])]);
  add('session', 'an edited event', 'tampered', [file(long.with(2, (long[2] ?? '').replace('"allow"', '"deny"')))]);
  add('session', 'an edited end', 'tampered', [file(long.with(-1, (long.at(-1) ?? '').replace('"final_seq":', '"final_seq":1')))]);
  add('session', 'reordered', 'tampered', [file(long.with(2, long[3] ?? '').with(3, long[2] ?? ''))]);
  add('session', 'an event twice', 'tampered', [file(long.toSpliced(2, 0, long[2] ?? ''))]);
  add('session', 'white space', 'tampered', [file(long.with(2, `${long[2] ?? ''} `))]);
  add('session', 'a removed event', 'incomplete', [file(long.toSpliced(2, 1))]);
  add('session', 'no end', 'incomplete', [file(long.slice(0, -1))]);
  add('session', 'no beginning', 'incomplete', [file(long.slice(1))]);
  add('session', 'open still', 'incomplete', [file(texts(sid.running))]);
  add('session', 'nothing', 'incomplete', ['']);
  add('session', 'cut off', 'tampered', [file(long).slice(0, -3)]);

  const [event = new Uint8Array(), another = new Uint8Array()] = log.events.slice(5);
  const proof = await log.proof(5);
  add('proof', 'as it was made', 'ok', [proof, event]);
  add('proof', 'in an older tree', 'ok', [await log.proof(5, 9), event]);
  add('proof', 'of another event', 'tampered', [proof, another]);
  add('proof', 'an edited event', 'tampered', [proof, Buffer.concat([event, Buffer.from('\n')])]);
  add('proof', 'another index', 'tampered', [proof.replace('index 5', 'index 6'), event]);
  add('proof', 'another checkpoint', 'tampered', [proof.slice(0, proof.indexOf('\n\n') + 2) + log.checkpoint(9), event]);
  add('proof', 'an altered checkpoint', 'tampered', [proof.replace(`\n${log.size}\n`, `\n${log.size + 1}\n`), event]);
  add('proof', 'not a proof', 'tampered', ['hello\n', event]);
  add('proof', 'a key that nobody trusts', 'untrusted', [proof, event], [otherKey]);
  add('proof', 'no key', 'untrusted', [proof, event], []);

  const growth = formatHashes(await log.growth(7, 13));
  add('consistency', 'as it was made', 'ok', [log.checkpoint(7), log.checkpoint(13), growth]);
  add('consistency', 'the newer one first', 'ok', [log.checkpoint(13), log.checkpoint(7), growth]);
  add('consistency', 'the same twice', 'ok', [log.checkpoint(7), log.checkpoint(7), '']);
  add('consistency', 'from nothing', 'ok', [log.checkpoint(0), log.checkpoint(7), '']);
  add('consistency', 'the proof of another growth', 'tampered', [log.checkpoint(6), log.checkpoint(13), growth]);
  add('consistency', 'no proof', 'tampered', [log.checkpoint(7), log.checkpoint(13), '']);
  add('consistency', 'another epoch', 'tampered', [log.checkpoint(7), log.checkpoint(13, logSigner, `${logName}/2`), growth]);
  add('consistency', 'another key', 'untrusted', [log.checkpoint(7), log.checkpoint(13, otherSigner), growth]);
  return all;
}
