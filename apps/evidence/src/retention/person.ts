import type { Caller } from '@sallyport/platform-bus';

/** The administrator of an installation that has no people yet (the console's bootstrap token): nobody in particular, so not one of two people. */
const nobodyInParticular = 'bootstrap-admin';
export const isNobodyInParticular = (by: Caller): boolean => by.person === nobodyInParticular;
