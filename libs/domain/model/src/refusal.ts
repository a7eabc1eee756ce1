/**
 * Why something was refused. A protocol turns the code into its own error number; the words are shown to the client.
 *
 * | code | meaning |
 * |---|---|
 * | denied | policy says no |
 * | rejected, expired, withdrawn | a held command's approval ended so |
 * | unreadable | could not be parsed or is not supported; nothing was forwarded |
 * | too-large | over a size limit |
 * | limit | the result was cut off at its row or byte limit |
 * | unauthenticated | token missing, malformed, expired, foreign, replayed |
 * | unauthorized | a known machine that may not open this session |
 * | access-requested | a known machine without leave for this target: people are asked for it now, and connecting again later may do |
 * | unmaskable | the result cannot be masked in this encoding |
 * | evidence-unavailable | the record could not be made durable |
 * | policy-unavailable | no valid lease |
 * | target-unavailable | the target cannot be reached or refused us |
 * | closing | the session or the service is ending |
 * | internal | our fault; the log has the rest under the request id |
 */
export type RefusalCode =
  | 'denied'
  | 'rejected'
  | 'expired'
  | 'withdrawn'
  | 'unreadable'
  | 'too-large'
  | 'limit'
  | 'unauthenticated'
  | 'unauthorized'
  | 'access-requested'
  | 'unmaskable'
  | 'evidence-unavailable'
  | 'policy-unavailable'
  | 'target-unavailable'
  | 'closing'
  | 'internal';

/** What a client is told. Written on purpose: never an exception's text, a rule's text, a credential or a value. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly code: RefusalCode;
  /** What was refused and why, one sentence. */
  readonly say: string;
  /** Rules that said so, for the person who asks about it. */
  readonly rules: readonly string[];
  /** Command or session id, to be quoted when asking. */
  readonly requestId: string;
  /** Where to ask or what to do next. */
  readonly hint: string;
}

export function refusal(code: RefusalCode, say: string, requestId: string, rest: Partial<Pick<Refusal, 'rules' | 'hint'>> = {}): Refusal {
  return { kind: 'refusal', code, say, rules: rest.rules ?? [], requestId, hint: rest.hint ?? 'ask the owner of the target and quote the request id' };
}
