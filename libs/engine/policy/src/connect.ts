import { id, type Allow, type ColumnTag, type Deny, type RuleId } from '@sallyport/domain-model';
import type { CompiledSlice } from './compiled.ts';
import { minuteOf, sessionContext, type SessionFacts } from './context.ts';
import { columnResource, targetUid } from './entities.ts';
import { jointConnect } from './joint.ts';
import { obligationsOf, sorted, troubleSay } from './verdict.ts';

/** May this machine open a session on this target, and the party that it acts for, if there is one? Never throws. */
export function decideConnect(slice: CompiledSlice, session: SessionFacts, now: number): Allow | Deny {
  const { machine } = slice.slice;
  const own = connectSide(slice, machine.name, session, now);
  return slice.behalf === null ? own : jointConnect(slice, own, connectSide(slice.behalf, 'them', session, now));
}

/** @param whom how whoever would connect is called in a refusal */
function connectSide(slice: CompiledSlice, whom: string, session: SessionFacts, now: number): Allow | Deny {
  const { digest, target } = slice.slice;
  const answer = slice.ask('connect', { uid: targetUid(target.name), entity: null }, sessionContext(session, minuteOf(now)));
  const rules = sorted(answer.rules).map((rule) => id<RuleId>(rule));
  if (answer.allowed) return { kind: 'allow', slice: digest, rules, obligations: obligationsOf(slice, answer.rules) };
  if (answer.trouble !== null) return { kind: 'deny', slice: digest, rules: [], say: troubleSay };
  const reason = rules.map((rule) => slice.rules.get(rule)?.notes.reason ?? null).find((text) => text !== null);
  return { kind: 'deny', slice: digest, rules, say: reason ?? (rules.length === 0 ? `no rule permits ${whom} to connect to ${target.name}` : `a rule forbids ${whom} to connect to ${target.name}`) };
}

const none: ReadonlySet<string> = new Set();

/** The classified columns (`schema.table.column`) that this session may see in the clear: on somebody's behalf, those that both may. Never throws; what cannot be decided stays masked. */
export function unmaskedColumns(slice: CompiledSlice, columns: readonly ColumnTag[], session: SessionFacts, now: number): ReadonlySet<string> {
  const own = unmaskedSide(slice, columns, session, now);
  if (slice.behalf === null || own.size === 0) return own;
  const theirs = unmaskedSide(slice.behalf, columns, session, now);
  return new Set([...own].filter((column) => theirs.has(column)));
}

function unmaskedSide(slice: CompiledSlice, columns: readonly ColumnTag[], session: SessionFacts, now: number): ReadonlySet<string> {
  if (columns.length === 0 || !permitsUnmask(slice)) return none;
  const context = sessionContext(session, minuteOf(now));
  const seen = new Set<string>();
  const hidden = new Set<string>();
  for (const column of columns) {
    // A column with two tags must be allowed for both.
    if (slice.ask('unmask', columnResource(slice.slice.target.name, column), context).allowed) seen.add(column.column);
    else hidden.add(column.column);
  }
  for (const column of hidden) seen.delete(column);
  return seen;
}

/** Most policies unmask nothing, and then nothing needs to be evaluated. */
function permitsUnmask(slice: CompiledSlice): boolean {
  for (const rule of slice.rules.values()) if (rule.effect === 'permit' && rule.scope.actions.has('unmask')) return true;
  return false;
}
