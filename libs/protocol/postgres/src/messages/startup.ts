import { Body } from './body.ts';
import { Fields } from './fields.ts';

/** A client's first words: StartupMessage. */
export interface Startup {
  readonly major: number;
  readonly minor: number;
  /** In the order sent; names as sent. Without the `_pq_.` ones. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Names of protocol options (`_pq_.…`) that the client asks for. */
  readonly protocolOptions: readonly string[];
}

const maxParameters = 64;

/**
 * StartupMessage (F): Int32 length, Int32 protocol (major in the high 16 bits), then name and value strings, then a zero byte.
 * Takes the whole packet with its length.
 * @throws MalformedMessageError; also for a name that comes twice, and for more than 64 parameters
 */
export function readStartup(packet: Buffer): Startup {
  const fields = new Fields('StartupMessage', packet, 4, packet.length);
  const major = fields.uint16('protocol version');
  const minor = fields.uint16('protocol version');
  const parameters = new Map<string, string>();
  const protocolOptions: string[] = [];
  for (let name = fields.text('parameter name'); name !== ''; name = fields.text('parameter name')) {
    const value = fields.text('parameter value');
    if (name.startsWith('_pq_.')) protocolOptions.push(name);
    else if (parameters.has(name)) throw fields.wrong('a parameter comes twice');
    else parameters.set(name, value);
    if (parameters.size + protocolOptions.length > maxParameters) throw fields.wrong(`more than ${maxParameters} parameters`);
  }
  fields.done();
  return { major, minor, parameters, protocolOptions };
}

export function writeStartup(minor: number, parameters: Iterable<readonly [string, string]>): Buffer {
  const body = new Body().int16(3).int16(minor);
  for (const [name, value] of parameters) body.text(name).text(value);
  return body.uint8(0).untyped();
}
