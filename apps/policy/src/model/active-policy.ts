import type { PolicySet } from '@sallyport/engine-policy';

/** The policy set in force. Version 0 is the empty set before the first apply. */
export interface ActivePolicy {
  readonly version: number;
  readonly digest: string;
  readonly set: PolicySet;
}
