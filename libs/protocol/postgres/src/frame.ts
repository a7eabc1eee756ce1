/**
 * Every message of protocol 3.0 and 3.2 (PostgreSQL documentation, chapter "Frontend/Backend Protocol", section "Message Formats") and what
 * Sallyport does with it. What is not in this table is refused.
 *
 * `decided`: it is, or belongs to, a command that the gate decides before a byte of it goes on. `relayed`: passed on unchanged, because it
 * neither asks for anything nor carries values of its own. `edited`: read, and rewritten where masking or scrubbing wants it.
 * `ours`: never crosses; Sallyport answers or makes it itself. `refused`: ends in an error.
 */
export type Treatment = 'decided' | 'relayed' | 'edited' | 'ours' | 'refused';
export type Side = 'frontend' | 'backend';

export interface MessageRule {
  readonly side: Side;
  /** The type byte as a character; empty for the untyped messages that open a connection. */
  readonly type: string;
  readonly name: string;
  readonly treatment: Treatment;
  /** `large`: up to the frame limit of the session. `small`: up to {@link smallFrame}. `greeting`: up to {@link greetingFrame}. */
  readonly size: 'large' | 'small' | 'greeting';
  readonly why: string;
}

/** Bytes of a frame of a type that carries no text or values of the user's; libpq's own limit for such messages. */
export const smallFrame = 30_000;
/** Bytes of anything a client may send before it is known. Tokens of 8 KB must fit. */
export const greetingFrame = 16 * 1024;

function rule(side: Side, type: string, name: string, treatment: Treatment, size: MessageRule['size'], why: string): MessageRule {
  return Object.freeze({ side, type, name, treatment, size, why });
}

export const messageRules: readonly MessageRule[] = Object.freeze([
  rule('frontend', '', 'StartupMessage', 'ours', 'greeting', 'only inside TLS; parameters against a list'),
  rule('frontend', '', 'SSLRequest', 'ours', 'greeting', 'answered S, once'),
  rule('frontend', '', 'GSSENCRequest', 'ours', 'greeting', 'answered N, once'),
  rule('frontend', '', 'CancelRequest', 'ours', 'greeting', 'looked up by our own keys'),
  rule('frontend', 'p', 'PasswordMessage', 'ours', 'greeting', 'carries the token; refused after the greeting'),
  rule('frontend', 'Q', 'Query', 'decided', 'large', 'each statement of the string is a command'),
  rule('frontend', 'P', 'Parse', 'decided', 'large', 'previewed; runs nothing yet'),
  rule('frontend', 'B', 'Bind', 'decided', 'large', 'parameters belong to the command of its Execute'),
  rule('frontend', 'E', 'Execute', 'decided', 'small', 'the command'),
  rule('frontend', 'D', 'Describe', 'relayed', 'small', 'of a statement or portal that was let through'),
  rule('frontend', 'C', 'Close', 'relayed', 'small', 'of a statement or portal'),
  rule('frontend', 'H', 'Flush', 'relayed', 'small', ''),
  rule('frontend', 'S', 'Sync', 'relayed', 'small', ''),
  rule('frontend', 'd', 'CopyData', 'decided', 'large', 'only within a COPY that was let through'),
  rule('frontend', 'c', 'CopyDone', 'relayed', 'small', 'ends a COPY'),
  rule('frontend', 'f', 'CopyFail', 'relayed', 'small', 'ends a COPY'),
  rule('frontend', 'X', 'Terminate', 'ours', 'small', 'ends the session; the target is told by us'),
  rule('frontend', 'F', 'FunctionCall', 'refused', 'large', 'calls a function by number, past every statement rule'),
  rule('backend', 'R', 'Authentication', 'ours', 'small', 'our login at the target'),
  rule('backend', 'K', 'BackendKeyData', 'ours', 'small', 'the client gets a key of ours'),
  rule('backend', 'v', 'NegotiateProtocolVersion', 'ours', 'small', 'the target is spoken to in 3.0'),
  rule('backend', 'S', 'ParameterStatus', 'edited', 'small', 'a value may come from data (set_config)'),
  rule('backend', 'Z', 'ReadyForQuery', 'relayed', 'small', 'the transaction state is read'),
  rule('backend', '1', 'ParseComplete', 'relayed', 'small', ''),
  rule('backend', '2', 'BindComplete', 'relayed', 'small', ''),
  rule('backend', '3', 'CloseComplete', 'relayed', 'small', ''),
  rule('backend', 'C', 'CommandComplete', 'relayed', 'small', 'its row count is read'),
  rule('backend', 'I', 'EmptyQueryResponse', 'relayed', 'small', ''),
  rule('backend', 's', 'PortalSuspended', 'relayed', 'small', ''),
  rule('backend', 'n', 'NoData', 'relayed', 'small', ''),
  rule('backend', 't', 'ParameterDescription', 'relayed', 'large', 'types only; up to 65 535 of them'),
  rule('backend', 'T', 'RowDescription', 'relayed', 'large', 'read: masks are bound to its columns'),
  rule('backend', 'D', 'DataRow', 'edited', 'large', 'masked cell by cell'),
  rule('backend', 'G', 'CopyInResponse', 'relayed', 'small', ''),
  rule('backend', 'H', 'CopyOutResponse', 'relayed', 'small', ''),
  rule('backend', 'd', 'CopyData', 'edited', 'large', 'masked column by column'),
  rule('backend', 'c', 'CopyDone', 'relayed', 'small', ''),
  rule('backend', 'E', 'ErrorResponse', 'edited', 'large', 'texts scrubbed of values'),
  rule('backend', 'N', 'NoticeResponse', 'edited', 'large', 'texts scrubbed of values'),
  rule('backend', 'A', 'NotificationResponse', 'edited', 'large', 'payload scrubbed of values'),
  rule('backend', 'W', 'CopyBothResponse', 'refused', 'small', 'replication only'),
  rule('backend', 'V', 'FunctionCallResponse', 'refused', 'large', 'answers FunctionCall only'),
]);

const tables = { frontend: byType('frontend'), backend: byType('backend') };

/** The rule of a type byte, or null for a byte that the protocol does not have on this side. */
export function messageRule(side: Side, type: number): MessageRule | null {
  return tables[side][type] ?? null;
}

/** What to do with a type byte. Unknown ones are refused. */
export function treatmentOf(side: Side, type: number): Treatment {
  return tables[side][type]?.treatment ?? 'refused';
}

/** For {@link FrameSplitter}: may a frame of this type be large? Unknown types may not. */
export function isLargeFrontend(type: number): boolean {
  return tables.frontend[type]?.size === 'large';
}

export function isLargeBackend(type: number): boolean {
  return tables.backend[type]?.size === 'large';
}

function byType(side: Side): readonly (MessageRule | null)[] {
  const table: (MessageRule | null)[] = Array.from({ length: 256 }, () => null);
  for (const one of messageRules) if (one.side === side && one.type !== '') table[one.type.charCodeAt(0)] = one;
  return table;
}
