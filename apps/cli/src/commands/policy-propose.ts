import { existsSync } from 'node:fs';
import type { Work } from '../context.ts';
import { exit } from '../exit.ts';
import { Failure } from '../failure.ts';
import { proposal, proposalText } from '../output/rightsize.ts';
import { daysOf, patienceMs } from '../patience.ts';
import { writePolicy } from '../policy-files.ts';

/** What does not agree with the recording is shown, and neither written nor taken for good. */
export const propose: Work = async ({ out, api }, _args, { machine, target, days, narrowing, out: file }) => {
  const path = typeof file === 'string' ? file : null;
  if (path !== null && existsSync(path)) throw new Failure('usage', `${path} exists, and is not written over`, 'name another file');
  const made = await api().post('/v1/policy/propose', { machine, target: target ?? null, days: daysOf(days) }, proposal, patienceMs);
  const which = narrowing === true ? made.narrowing : made.file;
  const good = made.check.wrong.length === 0;
  if (path !== null && which !== null && good) await writePolicy(path, which.text);
  out.show(made, (value) => proposalText(value, which, path === null || !good ? null : path, out));
  return good && which !== null ? exit.ok : exit.failed;
};
