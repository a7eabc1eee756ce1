import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as m from './index.ts';

/** Annotated hex: everything behind `#` on a line is commentary. */
function hex(text: string): Buffer {
  return Buffer.from(text.replace(/#.*$/gm, '').replace(/\s+/g, ''), 'hex');
}

/** Reads a whole frame as the session would: the body between header and end. */
function body<T>(read: (bytes: Buffer, start: number, end: number) => T, frame: Buffer): T {
  return read(frame, 5, frame.length);
}

const malformed = expect.objectContaining({ code: 'ERR_MALFORMED_MESSAGE' });

/** Frames as psql 15, pgjdbc 42.5 and PostgreSQL 15 write them. */
const wire = {
  query: hex(`51 0000000d            # Query, 13
              73656c656374203100     # "select 1"`),
  parse: hex(`50 0000001b            # Parse, 27
              533100                 # name "S1"
              73656c65637420243100   # "select $1"
              0002 00000017 00000000 # two types: int4, unspecified`),
  bind: hex(`42 00000024             # Bind, 36
             00 533100               # portal "", statement "S1"
             0001 0001               # one format: all binary
             0003                    # three values
             00000004 0000002a       # 42
             ffffffff                # NULL
             00000002 6869           # "hi"
             0001 0000               # results: text`),
  describePortal: hex('44 00000006 50 00'), // Describe, portal ""
  closeStatement: hex('43 00000008 53 533100'), // Close, statement "S1"
  execute: hex('45 00000009 00 00000064'), // Execute, portal "", 100 rows
  rowDescription: hex(`54 0000002f                                          # RowDescription, 47
                       0002
                       696400 00004001 0001 00000017 0004 ffffffff 0000     # id: table 16385, column 1, int4
                       6e00   00000000 0000 00000019 ffff ffffffff 0001     # n: computed, text, binary`),
  dataRow: hex(`44 00000013          # DataRow, 19
                0003
                00000001 37          # "7"
                ffffffff             # NULL
                00000000             # ""`),
  commandComplete: hex('43 0000000f 494e534552542030203500'), // "INSERT 0 5"
  error: hex(`45 00000026                                # ErrorResponse, 38
              53 4552524f5200                            # S ERROR
              43 343235303100                            # C 42501
              4d 7065726d697373696f6e2064656e69656400    # M permission denied
              00`),
  ready: hex('5a 00000005 54'),
  parameterStatus: hex('53 00000019 636c69656e745f656e636f64696e6700 5554463800'), // client_encoding=UTF8
  key30: hex('4b 0000000c 00001234 deadbeef'),
  notification: hex('41 00000010 00000007 6a6f627300 6f6b00'), // pid 7, "jobs", "ok"
  sasl: hex('52 0000002a 0000000a 534352414d2d5348412d3235362d504c555300 534352414d2d5348412d32353600 00'),
  md5: hex('52 0000000c 00000005 01020304'),
  password: hex('70 0000000b 73656372657400'),
  copyOut: hex('48 0000000b 00 0002 0000 0000'),
  cancel30: hex('00000010 04d2162e 00001234 deadbeef'),
};

describe('messages from the wire', () => {
  it('are framed as their length says (the fixtures themselves)', () => {
    for (const [name, frame] of Object.entries(wire)) {
      expect([name, frame.readUInt32BE(name === 'cancel30' ? 0 : 1)]).toEqual([name, name === 'cancel30' ? frame.length : frame.length - 1]);
    }
  });

  it('are read field by field', () => {
    expect(body(m.readQuery, wire.query)).toBe('select 1');
    expect(body(m.readParse, wire.parse)).toEqual({ name: 'S1', text: 'select $1', parameterTypes: [23, 0] });
    const bind = body(m.readBind, wire.bind);
    expect(bind).toMatchObject({ portal: '', statement: 'S1', parameterCount: 3, resultFormats: [0] });
    expect(wire.bind.toString('hex', bind.parametersStart, bind.parametersEnd)).toBe('000100010003' + '000000040000002a' + 'ffffffff' + '000000026869');
    expect(body(m.readDescribe, wire.describePortal)).toEqual({ what: 'P', name: '' });
    expect(body(m.readClose, wire.closeStatement)).toEqual({ what: 'S', name: 'S1' });
    expect(body(m.readExecute, wire.execute)).toEqual({ portal: '', maxRows: 100 });
    expect(body(m.readRowDescription, wire.rowDescription)).toEqual([
      { name: 'id', tableOid: 16385, attnum: 1, typeOid: 23, typeLen: 4, typeMod: -1, format: 0 },
      { name: 'n', tableOid: 0, attnum: 0, typeOid: 25, typeLen: -1, typeMod: -1, format: 1 },
    ]);
    expect(body(m.readDataRow, wire.dataRow)).toEqual(['7', null, '']);
    expect(body(m.readCommandComplete, wire.commandComplete)).toEqual({ tag: 'INSERT 0 5', rows: 5 });
    expect(Object.fromEntries(body(m.readErrorFields, wire.error))).toEqual({ S: 'ERROR', C: '42501', M: 'permission denied' });
    expect(body(m.readReadyForQuery, wire.ready)).toBe('T');
    expect(body(m.readParameterStatus, wire.parameterStatus)).toEqual({ name: 'client_encoding', value: 'UTF8' });
    expect(body(m.readBackendKeyData, wire.key30).toString('hex')).toBe('00001234deadbeef');
    expect(body(m.readNotification, wire.notification)).toEqual({ pid: 7, channel: 'jobs', payload: 'ok' });
    expect(body(m.readAuthentication, wire.sasl)).toEqual({ kind: 'sasl', mechanisms: ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'] });
    expect(body(m.readAuthentication, wire.md5)).toEqual({ kind: 'md5', salt: Buffer.from([1, 2, 3, 4]) });
    expect(body(m.readPassword, wire.password)).toBe('secret');
    expect(body(m.readCopyResponse, wire.copyOut)).toEqual({ format: 'text', columns: [0, 0] });
    expect(m.readCancelRequest(wire.cancel30).toString('hex')).toBe('00001234deadbeef');
  });

  it('are written back byte for byte', () => {
    expect(m.writeQuery('select 1')).toEqual(wire.query);
    expect(m.writeParse('S1', 'select $1', [23, 0])).toEqual(wire.parse);
    const bind = body(m.readBind, wire.bind);
    expect(m.writeBind('', 'S1', wire.bind.subarray(bind.parametersStart, bind.parametersEnd), [0])).toEqual(wire.bind);
    expect(m.writeDescribe('P', '')).toEqual(wire.describePortal);
    expect(m.writeClose('S', 'S1')).toEqual(wire.closeStatement);
    expect(m.writeExecute('', 100)).toEqual(wire.execute);
    expect(m.writeRowDescription(body(m.readRowDescription, wire.rowDescription))).toEqual(wire.rowDescription);
    expect(m.writeDataRow([Buffer.from('7'), null, Buffer.alloc(0)])).toEqual(wire.dataRow);
    expect(m.writeCommandComplete('INSERT 0 5')).toEqual(wire.commandComplete);
    expect(m.writeErrorFields('E', body(m.readErrorFields, wire.error))).toEqual(wire.error);
    expect(m.writeReadyForQuery('T')).toEqual(wire.ready);
    expect(m.writeParameterStatus('client_encoding', 'UTF8')).toEqual(wire.parameterStatus);
    expect(m.writeBackendKeyData(0x1234, Buffer.from('deadbeef', 'hex'))).toEqual(wire.key30);
    expect(m.writeNotification(7, 'jobs', 'ok')).toEqual(wire.notification);
    expect(m.writePassword(Buffer.from('secret'))).toEqual(wire.password);
    expect(m.writeCancelRequest(Buffer.from('00001234deadbeef', 'hex'))).toEqual(wire.cancel30);
    expect(m.sslRequest.toString('hex')).toBe('0000000804d2162f');
    expect(m.gssEncRequest.toString('hex')).toBe('0000000804d21630');
  });

  it('carry cancel keys of up to 256 bytes in protocol 3.2, and no longer ones', () => {
    const secret = Buffer.alloc(256, 9);
    const key = body(m.readBackendKeyData, m.writeBackendKeyData(1, secret));
    expect(m.readCancelRequest(m.writeCancelRequest(key))).toEqual(key);
    expect(() => body(m.readBackendKeyData, m.writeBackendKeyData(1, Buffer.alloc(257)))).toThrowError(malformed);
    expect(() => m.readCancelRequest(m.writeCancelRequest(Buffer.alloc(4 + 257)))).toThrowError(malformed);
    expect(() => m.readCancelRequest(m.writeCancelRequest(Buffer.alloc(4 + 3)))).toThrowError(malformed);
  });

  it('negotiate a protocol version with the full number and the options that are not known', () => {
    expect(m.writeNegotiateProtocolVersion(2, ['_pq_.x'])).toEqual(hex('76 00000013 00030002 00000001 5f70715f2e7800'));
  });

  it('tell the rows of a command tag only where it has them', () => {
    const rows = (tag: string) => body(m.readCommandComplete, m.writeCommandComplete(tag)).rows;
    expect(['SELECT 12', 'COPY 3', 'MERGE 0', 'CREATE TABLE', 'BEGIN', ''].map(rows)).toEqual([12, 3, 0, null, null, null]);
  });
});

describe('malformed messages', () => {
  it.each<[string, () => unknown]>([
    ['a statement with a NUL in it, which would be parsed only up to there', () => body(m.readQuery, hex('51 0000000f 73656c656374203100 3b00'))],
    ['a statement without its NUL', () => body(m.readQuery, hex('51 00000005 73'))],
    ['a statement that is not UTF-8', () => body(m.readQuery, hex('51 00000007 c32800'))],
    ['a statement with a UTF-16 surrogate in UTF-8', () => body(m.readQuery, hex('51 00000008 eda08000'))],
    ['a parameter longer than its message', () => body(m.readBind, hex('42 00000010 0000 0000 0001 7fffffff 0000'))],
    ['a negative parameter length other than NULL', () => body(m.readBind, hex('42 00000010 0000 0000 0001 fffffffe 0000'))],
    ['two formats for three parameters', () => body(m.readBind, hex('42 0000001c 0000 0002 0000 0000 0003 ffffffff ffffffff ffffffff 0000'))],
    ['an unknown format code', () => body(m.readBind, hex('42 0000000e 0000 0001 0002 0000 0000'))],
    ['a Describe of neither statement nor portal', () => body(m.readDescribe, hex('44 00000006 51 00'))],
    ['bytes behind the last field', () => body(m.readExecute, hex('45 0000000a 00 00000000 00'))],
    ['a row with fewer cells than it says', () => body(m.readDataRow, hex('44 0000000a 0002 ffffffff'))],
    ['a row with more bytes than cells', () => body(m.readDataRow, hex('44 0000000b 0001 ffffffff 00'))],
    ['a transaction state that does not exist', () => body(m.readReadyForQuery, hex('5a 00000005 58'))],
    ['a text copy with a binary column', () => body(m.readCopyResponse, hex('48 00000009 00 0001 0001'))],
    ['a startup parameter that comes twice', () => m.readStartup(hex('00000011 00030000 7500 6100 7500 6200 00'))],
    ['a startup packet without its last zero', () => m.readStartup(hex('0000000c 00030000 7500 6100'))],
    ['an error field without an end', () => body(m.readErrorFields, hex('45 00000007 53 4545'))],
  ])('%s: refused', (_what, read) => {
    expect(read).toThrowError(malformed);
  });

  it('are never written: a NUL in a string is refused', () => {
    expect(() => m.writeQuery('select 1\0; drop table t')).toThrowError(malformed);
    expect(() => m.writeStartup(0, [['user', 'a\0database\0b']])).toThrowError(malformed);
  });

  it('take the replacement character itself for what it is', () => {
    expect(body(m.readQuery, m.writeQuery('select \ufffd'))).toBe('select \ufffd');
  });

  it('whatever their bytes, end in a value or in MalformedMessageError, and never read outside of the message', () => {
    const readers: ((bytes: Buffer, start: number, end: number) => unknown)[] = [
      m.readQuery, m.readParse, m.readBind, m.readDescribe, m.readClose, m.readExecute, m.readRowDescription, m.readDataRow, m.readCommandComplete,
      m.readErrorFields, m.readReadyForQuery, m.readParameterStatus, m.readBackendKeyData, m.readNotification, m.readAuthentication, m.readPassword,
      m.readCopyResponse, m.readCopyFail, (bytes, start, end) => m.readStartup(bytes.subarray(start, end)), (bytes, start, end) => m.readCancelRequest(bytes.subarray(start, end)),
    ];
    const samples = Object.values(wire);
    const mutated = fc
      .tuple(fc.nat(samples.length - 1), fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 6 }), fc.nat(60))
      .map(([which, changes, cut]) => {
        const bytes = Buffer.from(samples[which] ?? Buffer.alloc(0));
        for (const [at, to] of changes) if (at < bytes.length) bytes[at] = to;
        return bytes.subarray(0, Math.max(5, bytes.length - (cut % bytes.length)));
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ minLength: 5, maxLength: 80 }).map((bytes) => Buffer.from(bytes))), fc.uint8Array({ maxLength: 40 }), (frame, behind) => {
        // The same message with other bytes behind it must read the same: nothing behind `end` may matter.
        const followed = Buffer.concat([frame, behind]);
        for (const read of readers) {
          const alone = outcome(() => read(frame, 5, frame.length));
          const inStream = outcome(() => read(followed, 5, frame.length));
          expect(inStream).toEqual(alone);
        }
      }),
      { numRuns: 500 },
    );
  });
});

function outcome(read: () => unknown): unknown {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof m.MalformedMessageError) return { malformed: error.message };
    throw error;
  }
}

describe('RowCells', () => {
  it('finds the cells of any row where they are, without copying', () => {
    const cells = new m.RowCells();
    fc.assert(
      fc.property(fc.array(fc.option(fc.uint8Array({ maxLength: 20 })), { maxLength: 200 }), (row) => {
        const frame = m.writeDataRow(row);
        cells.read(frame, 5, frame.length);
        expect(cells.count).toBe(row.length);
        row.forEach((cell, i) => {
          if (cell === null) expect([cells.start(i), cells.end(i)]).toEqual([-1, -1]);
          else expect(frame.subarray(cells.start(i), cells.end(i)).equals(cell)).toBe(true);
        });
      }),
    );
  });
});
