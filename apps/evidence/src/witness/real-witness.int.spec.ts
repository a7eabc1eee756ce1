import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cosignatureVerifier, cosignaturesOf, formatVerifierKey, noteSigner, parseNote, parseVerifierKey, signingKeyFromPem } from '@sallyport/engine-evidence';
import { Child, freePort, tempDir } from '@sallyport/testing-stack';
import { expect, it } from 'vitest';
import { eventually, house } from '../testing/house.ts';

it('the witness of this product cosigns the log of this product, and takes up its work after it was killed', async () => {
  await using directory = await tempDir('sallyport-witness');
  const pem = String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const logKey = join(directory.path, 'log.pem');
  await writeFile(logKey, pem, { mode: 0o600 });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    SALLYPORT_HTTP: `127.0.0.1:${port}`, SALLYPORT_STATE: join(directory.path, 'state'), SALLYPORT_WITNESS_NAME: 'witness.test/w1',
    SALLYPORT_WITNESS_LOGS: formatVerifierKey(noteSigner('sallyport.local/default', signingKeyFromPem(pem)).key),
  };
  const start = () => new Child(process.execPath, ['--conditions=@sallyport/source', join(import.meta.dirname, '../../../witness/src/main.ts')], { env });
  let witness = start();
  let vkey = '';
  await eventually('the witness', async () => (vkey = await fetch(`${url}/vkey`).then((answer) => answer.text(), () => '')) !== '');
  await using h = await house({ signEveryMs: 100 }, { SALLYPORT_LOG_KEY: logKey, SALLYPORT_WITNESSES: `${url}=${vkey.trim()}` });
  const verifier = cosignatureVerifier(parseVerifierKey(vkey.trim()));
  const cosigned = async () => {
    const [row] = await h.sql('select note from evidence.checkpoints where note is not null order by epoch desc, size desc limit 1');
    return row !== undefined && cosignaturesOf(parseNote(String(row['note'])), [verifier]).length === 1;
  };
  await eventually('a cosignature', cosigned);
  await witness.kill9();
  // Each look is an event: the log grows.
  await h.ledger();
  await eventually('a checkpoint without the witness', async () => !(await cosigned()));
  witness = start();
  await eventually('a cosignature on what came while it was away', cosigned);
  expect((await h.events()).filter(({ type }) => type === 'log.witness_refused')).toEqual([]);
  await witness.stop();
});
