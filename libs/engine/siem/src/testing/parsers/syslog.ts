export interface SyslogMessage {
  readonly facility: number;
  readonly severity: number;
  readonly time: string;
  readonly host: string;
  readonly app: string;
  readonly procId: string;
  readonly msgId: string;
  readonly structured: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly bom: boolean;
  readonly msg: string;
}

/** A small reader of RFC 5424, after the ABNF of its section 6, not after our writer. */
export function parseSyslog(message: string): SyslogMessage {
  const head = /^<(\d{1,3})>1 (\S+) ([\x21-\x7e]{1,255}) ([\x21-\x7e]{1,48}) ([\x21-\x7e]{1,128}) ([\x21-\x7e]{1,32}) /.exec(message);
  if (head === null) throw new Error('the header is not one of RFC 5424');
  const [whole = '', pri = '', time = '', host = '', app = '', procId = '', msgId = ''] = head;
  const { structured, end } = elements(message, whole.length);
  if (message[end] !== ' ') throw new Error('no blank before MSG');
  const msg = message.slice(end + 1);
  const bom = msg.startsWith('\ufeff');
  return { facility: Number(pri) >> 3, severity: Number(pri) & 7, time, host, app, procId, msgId, structured, bom, msg: bom ? msg.slice(1) : msg };
}

function elements(message: string, from: number) {
  const structured = new Map<string, ReadonlyMap<string, string>>();
  let at = from;
  if (message[at] === '-') return { structured, end: at + 1 };
  while (message[at] === '[') {
    const id = /^\[([^ =\]"]{1,32})/.exec(message.slice(at, at + 34))?.[1];
    if (id === undefined) throw new Error('no SD-ID');
    at += 1 + id.length;
    const params = new Map<string, string>();
    while (message[at] === ' ') {
      const name = /^ ([^ =\]"]{1,32})="/.exec(message.slice(at, at + 36))?.[1];
      if (name === undefined) throw new Error('no PARAM-NAME');
      at += name.length + 3;
      let value = '';
      for (; message[at] !== '"'; at++) {
        const c = message[at];
        if (c === undefined || c === ']') throw new Error('a PARAM-VALUE that is not escaped');
        const next = message[at + 1] ?? '';
        if (c === '\\' && '"\\]'.includes(next) && next !== '') {
          value += next;
          at++;
        } else value += c;
      }
      params.set(name, value);
      at++;
    }
    if (message[at] !== ']') throw new Error('an element without end');
    structured.set(id, params);
    at++;
  }
  return { structured, end: at };
}

/** Messages out of a stream framed by octet counting (RFC 6587 3.4.1). */
export function parseOctetCounted(stream: Buffer): readonly string[] {
  const messages: string[] = [];
  for (let at = 0; at < stream.byteLength; ) {
    const blank = stream.indexOf(0x20, at);
    const length = stream.toString('ascii', at, blank);
    if (!/^[1-9]\d*$/.test(length)) throw new Error('no MSG-LEN');
    at = blank + 1 + Number(length);
    if (at > stream.byteLength) throw new Error('the stream ends within a message');
    messages.push(stream.toString('utf8', blank + 1, at));
  }
  return messages;
}
