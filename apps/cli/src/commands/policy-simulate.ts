import type { Work } from '../context.ts';
import { exit } from '../exit.ts';
import { Failure } from '../failure.ts';
import { simulation, simulationText } from '../output/rightsize.ts';
import { daysOf, patienceMs } from '../patience.ts';
import { readPolicies } from '../read-policies.ts';

/** The directory is the whole policy set: what it does not permit is denied. */
export const simulate: Work = async ({ out, api }, [directory = ''], { machine, days, exitCode }) => {
  const files = await readPolicies(directory);
  if (files.length === 0) throw new Failure('usage', `${directory} has no *.cedar files`);
  const found = await api().post('/v1/policy/simulate', { files, machine: machine ?? null, days: daysOf(days) }, simulation, patienceMs);
  out.show(found, (value) => simulationText(value, out));
  return exitCode === true && (found.changed > 0 || found.undecided.length > 0) ? exit.failed : exit.ok;
};
