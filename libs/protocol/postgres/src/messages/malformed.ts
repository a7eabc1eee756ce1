/** A message of the peer whose lengths, counts, terminators or encoding do not add up. Nothing of it is used. */
export class MalformedMessageError extends Error {
  readonly code = 'ERR_MALFORMED_MESSAGE';

  /** @param message the message's name and what is wrong with it, without any of its bytes */
  constructor(message: string) {
    super(message);
    this.name = 'MalformedMessageError';
  }
}
