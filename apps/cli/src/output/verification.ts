import { exitCode, reportText, type Finding, type Report, type Verification } from '@sallyport/engine-evidence';
import type { Out } from './out.ts';
import { visibleLine } from './visible.ts';

/** More findings than this are counted, not listed; `-o json` has them all. */
const shown = 50;

export function verificationText(result: Verification, session: string | null, out: Pick<Out, 'paint'>): string {
  const { findings, events, sessions, pruned, notes } = result;
  const scope = session === null ? 'the whole ledger' : `session ${session}`;
  if (events === 0) return session === null ? `checked ${scope}: it is empty` : out.paint('bad', `INCOMPLETE: the ledger has no event of session ${session}`);
  const { total, open, closed, refused, abandoned } = sessions;
  const checked = `checked ${scope}: ${events} events, ${total} sessions (${closed} closed, ${open} open, ${refused} refused, ${abandoned} abandoned)${pruned === 0 ? '' : `; ${pruned} more ${pruned === 1 ? 'event was' : 'events were'} purged by policy${session === null ? ', as the ledger itself says' : ', as the service says'}`}`;
  const what = session === null ? 'form, chains, session ends, producer counters' : 'form, chain, session end';
  const known = notes.slice(0, shown).map((note) => `  ${visibleLine(note)}`);
  if (findings.length === 0) return [checked, out.paint('good', `OK: ${what} are as written`), ...known].join('\n');
  const verdict = exitCode(findings) === 20 ? 'TAMPERED' : 'INCOMPLETE';
  const more = findings.length > shown ? [`  … and ${findings.length - shown} more; -o json has them all`] : [];
  return [checked, out.paint('bad', `${verdict}: ${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}`), ...findings.slice(0, shown).map(line), ...more, ...known].join('\n');
}

function line({ kind, where, say }: Finding): string {
  const place = [
    where.id === null ? null : `event ${where.id}`,
    where.sid === null ? null : `chain ${where.sid}`,
    where.seq === null ? null : `number ${where.seq}`,
    where.producer === null || where.pseq === null ? null : `${where.producer} counter ${where.pseq}`,
  ].filter((part) => part !== null);
  return visibleLine(`  ${kind.padEnd(9)}  ${say}`) + (place.length === 0 ? '' : `\n             ${visibleLine(place.join(', '))}`);
}

/** A verifier's report, its verdict in colour. */
export function painted(report: Report, out: Pick<Out, 'paint'>): string {
  const [first = '', ...rest] = reportText(report).split('\n');
  return [out.paint(report.verdict === 'ok' ? 'good' : 'bad', first), ...rest].join('\n');
}
