/** A frame announces more bytes than its type may have. The connection cannot go on: the stream is out of step. */
export class FrameTooLargeError extends Error {
  readonly code = 'ERR_FRAME_TOO_LARGE';

  constructor(type: number, announced: number, limit: number) {
    super(`frame ${typeName(type)} announces ${announced} bytes, the limit is ${limit}`);
    this.name = 'FrameTooLargeError';
  }
}

/** A frame's length field is smaller than itself. */
export class MalformedFrameError extends Error {
  readonly code = 'ERR_MALFORMED_FRAME';

  constructor(type: number, announced: number) {
    super(`frame ${typeName(type)} announces the impossible length ${announced}`);
    this.name = 'MalformedFrameError';
  }
}

/** The peer ended the connection, or it broke, while bytes were awaited. */
export class ConnectionClosedError extends Error {
  readonly code = 'ERR_CONNECTION_CLOSED';

  constructor(cause?: Error) {
    super('the connection ended while bytes were awaited', { cause });
    this.name = 'ConnectionClosedError';
  }
}

/** Type bytes are the peer's: only printable ones are shown as characters. */
function typeName(type: number): string {
  return type > 0x20 && type < 0x7f ? `'${String.fromCharCode(type)}'` : `0x${type.toString(16).padStart(2, '0')}`;
}
