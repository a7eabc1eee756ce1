import type { Who } from './envelope.ts';

/** Who acts, where no more than a name is known: no token stands behind it. @param id `person:alice`, `directory:okta`, `service:governance` */
export const whoNamed = (id: string): Who => ({ id, npid: null, iss: null, tok: null, jti: null, owner: null });

/** A person who acts, by the name of their document. */
export const personWho = (name: string): Who => whoNamed(`person:${name}`);
