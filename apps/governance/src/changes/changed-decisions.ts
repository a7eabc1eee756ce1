import type { Caller } from '@sallyport/platform-bus';
import { RightsizeError } from '../rightsize/errors.ts';
import type { Rightsize } from '../rightsize/rightsize.ts';
import type { PolicyText } from './content.ts';

/** Days of the past that a change of policies is held against. */
const days = 30;

/** How many recorded commands a policy set would have decided otherwise. Null where that cannot be said (too much to look at, a set that cannot be read): a test does not fail for it, and says so by having no number. */
export const changedDecisions = (rightsize: Pick<Rightsize, 'simulate'>) => async (by: Caller, files: readonly PolicyText[]): Promise<number | null> => {
  try {
    return (await rightsize.simulate({ by, files, machine: null, days })).changed;
  } catch (error) {
    if (error instanceof RightsizeError) return null;
    throw error;
  }
};
