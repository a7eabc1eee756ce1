/** The journal cannot be opened. `code` says why; the message names the directory or file. */
export class JournalError extends Error {
  readonly code: 'ERR_JOURNAL_IN_USE' | 'ERR_JOURNAL_DIRECTORY';

  constructor(code: JournalError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
