import { isTyped } from './cadence.ts';
import type { Session } from './memory.ts';

/** What a session shows of a person, how much each weighs, and what of it names the detection. */
interface Sign {
  readonly say: string;
  readonly weight: number;
  /** Names the sign where it is enough alone. */
  readonly item?: string;
}

/** From here on it is told: one sign that only people give, or several that agree. */
const enough = 3;
/** Statements that the machine never ran before, in one session. A release brings them, too: alone they tell nothing. */
const manyUnseen = 3;

/**
 * The signs of a person in a session, or null where they are not enough. What only people have weighs 3, how they type 2 (1 for a service, whose callers are people), all others 1: a script has psql, ansible has
 * a terminal, a release has new statements, and a job that was late has an odd hour. An agent thinks between questions and asks what nobody asked before: of its sessions only the first counts.
 * @param kind of the machine, as the inventory has it; null where it is not known
 */
export function signsOf(session: Session, client: { readonly name: string; readonly use: 'window' | 'prompt' } | null, kind: string | null): { readonly signs: readonly string[]; readonly item: string } | null {
  const found: Sign[] = [];
  if (client?.use === 'window') found.push({ say: `the client is ${client.name}`, weight: 3, item: client.name });
  if (session.shell && session.terminal) found.push({ say: 'a login shell on a terminal', weight: 3, item: 'login shell' });
  if (kind !== 'agent') {
    if (isTyped(session.steps)) found.push({ say: 'commands follow each other as if they were typed', weight: kind === 'service' ? 1 : 2 });
    if (client?.use === 'prompt') found.push({ say: `the client is ${client.name}`, weight: 1 });
    if (session.terminal && !session.shell) found.push({ say: 'a terminal', weight: 1 });
    if (session.unseen >= manyUnseen) found.push({ say: 'statements that this machine never ran before', weight: 1 });
    if (session.oddHour) found.push({ say: 'at an hour of the day at which this machine never worked', weight: 1 });
  }
  if (found.reduce((sum, { weight }) => sum + weight, 0) < enough) return null;
  return { signs: found.map(({ say }) => say), item: found.find(({ item }) => item !== undefined)?.item ?? 'signs that agree' };
}
