/** A syslog message framed by its length in octets: RFC 6587 3.4.1 over TCP, RFC 5425 4.3 over TLS. */
export function octetCounted(message: string): Buffer {
  const bytes = Buffer.from(message, 'utf8');
  return Buffer.concat([Buffer.from(`${bytes.byteLength} `, 'ascii'), bytes]);
}
