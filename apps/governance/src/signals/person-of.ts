import type { Who } from '@sallyport/domain-events';
import type { Caller } from '@sallyport/platform-bus';

/** Who acted, as events name people. */
export const personOf = (by: Caller): Who => ({ id: `person:${by.person}`, npid: null, iss: null, tok: null, jti: null, owner: null });
