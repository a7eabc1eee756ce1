import { Body } from './body.ts';

/**
 * The untyped packets that open a connection are told apart by their second Int32 (docs: SSLRequest, GSSENCRequest, CancelRequest,
 * StartupMessage). The codes look like protocol version 1234.
 */
export const sslRequestCode = 80877103;
export const gssEncRequestCode = 80877104;
export const cancelRequestCode = 80877102;

export const sslRequest: Buffer = new Body().int32(sslRequestCode).untyped();
export const gssEncRequest: Buffer = new Body().int32(gssEncRequestCode).untyped();

/** First byte of a TLS record that carries a handshake: a client that starts with TLS at once (libpq's `sslnegotiation=direct`). */
export const tlsHandshakeByte = 0x16;
