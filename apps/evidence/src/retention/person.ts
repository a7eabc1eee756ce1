import type { Who } from '@sallyport/domain-events';
import type { Caller } from '@sallyport/platform-bus';

export const personOf = (by: Caller): Who => ({ id: `person:${by.person}`, npid: null, iss: null, tok: null, jti: null, owner: null });

/** The administrator of an installation that has no people yet (the console's bootstrap token): nobody in particular, so not one of two people. */
const nobodyInParticular = 'bootstrap-admin';
export const isNobodyInParticular = (by: Caller): boolean => by.person === nobodyInParticular;
