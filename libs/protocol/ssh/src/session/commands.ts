import { gravest, id, Sealed, uuidv7, type Command, type CommandId, type Effect, type Understanding } from '@sallyport/domain-model';

/** A command of this session, as the gate takes it. */
export function commandOf(text: string, means: Understanding): Command {
  return { id: id<CommandId>(uuidv7()), means, text: new Sealed(text), parameters: null };
}

/** What is known of something that is no shell text: an SFTP request, a shell, a forward, a variable. Whole unless said otherwise. */
export function means(kind: string, shape: string, effects: readonly Effect[], reading: Understanding['reading'] = 'whole'): Understanding {
  return Object.freeze({ verb: gravest(effects), effects, reading, shape, fingerprint: null, facts: { kind }, outputs: null });
}

/** A text that is refused before anybody asks what it means. */
export const unreadMeans = means('exec', '', [{ verb: 'unknown', resource: { kind: 'program', schema: null, name: '?' } }], 'opaque');

/** A login shell: seen and recorded, never decided line by line. Its verb says all that can be said of it: what it then does is in no effect. */
export const shellMeans = means('shell', 'interactive shell: seen, not decided line by line', [{ verb: 'shell', resource: { kind: 'program', schema: null, name: 'login shell' } }], 'partial');

/** A variable that a client wants to have set for what it runs next. */
export function variableMeans(name: string): Understanding {
  return means('env', `env ${name}`, [{ verb: 'control', resource: { kind: 'setting', schema: 'env', name } }]);
}

/**
 * True for a text that is not what the client sent: ssh2 reads texts as UTF-8 and puts U+FFFD where they are not. A NUL ends the text for the
 * target and not for us.
 */
export function isAltered(text: string): boolean {
  return text.includes('�') || text.includes('\0');
}
