import { createHash } from 'node:crypto';

/** What an id of a directory is remembered by once the directory has forgotten it. */
export const idHash = (id: string): Buffer => createHash('sha256').update(id).digest();
