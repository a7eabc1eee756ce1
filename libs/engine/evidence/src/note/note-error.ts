/**
 * `ERR_NOTE_MALFORMED`: not a signed note in its one form, or too large. `ERR_NOTE_NAME`: a key name that notes cannot carry. `ERR_NOTE_TEXT`: a text
 * that cannot be signed. `ERR_NOTE_KEY`: a verifier key that is malformed, of another type than asked for, or not of its own id.
 * `ERR_NOTE_AMBIGUOUS_KEY`: two trusted keys share name and id. `ERR_NOTE_SIGNATURE`: a signature under a trusted key's name and id is not its own.
 * `ERR_NOTE_UNVERIFIED`: nobody who is trusted has signed. `ERR_CHECKPOINT`: the text is no checkpoint in its one form. `ERR_CHECKPOINT_ORIGIN`: a
 * checkpoint of another log. `ERR_COSIGNATURE_TIME`: a time that a cosignature cannot carry. `ERR_TLOG_PROOF`: not a tlog-proof in its one form.
 * `ERR_ADD_CHECKPOINT`: not a request to a witness in its one form.
 */
export type NoteFault =
  | 'ERR_NOTE_MALFORMED'
  | 'ERR_NOTE_NAME'
  | 'ERR_NOTE_TEXT'
  | 'ERR_NOTE_KEY'
  | 'ERR_NOTE_AMBIGUOUS_KEY'
  | 'ERR_NOTE_SIGNATURE'
  | 'ERR_NOTE_UNVERIFIED'
  | 'ERR_CHECKPOINT'
  | 'ERR_CHECKPOINT_ORIGIN'
  | 'ERR_COSIGNATURE_TIME'
  | 'ERR_TLOG_PROOF'
  | 'ERR_ADD_CHECKPOINT';

/** A note, a key or a proof was refused. */
export class NoteError extends Error {
  override readonly name = 'NoteError';
  readonly code: NoteFault;

  constructor(code: NoteFault, say: string) {
    super(say);
    this.code = code;
  }
}

export function refuse(code: NoteFault, say: string): never {
  throw new NoteError(code, say);
}
