import { refusal, type Refusal } from '@sallyport/domain-model';

/** What the client is told when its session must end: the signal's reason, which is a refusal, or a standing text. */
export function closingRefusal(closing: AbortSignal, session: string): Refusal {
  const reason: unknown = closing.reason;
  return isRefusal(reason) ? reason : refusal('closing', 'the session was ended', session, { hint: 'connect again' });
}

function isRefusal(reason: unknown): reason is Refusal {
  return typeof reason === 'object' && reason !== null && 'kind' in reason && reason.kind === 'refusal';
}
