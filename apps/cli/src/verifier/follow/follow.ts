import { setTimeout as sleep } from 'node:timers/promises';
import { followLog, nowhereAtAll, reportOf, reportText, type FollowChecks, type Report } from '@sallyport/engine-evidence';
import { readMemory, writeMemory, type Memory } from './memory.ts';
import { LogUnreadable, showLog, type LogAccess } from './shown-log.ts';

export interface FollowOptions extends LogAccess {
  /** URL of a console, or a directory. */
  readonly where: string;
  readonly checks: FollowChecks;
  /** File with what is remembered. */
  readonly state: string;
  readonly everyMs: number;
  /** A log that has not grown for so long has stalled: a living house writes an event every ten seconds. */
  readonly stalledMs: number;
  /** One step, for cron. */
  readonly once: boolean;
  readonly signal: AbortSignal;
  readonly now?: () => number;
  /** Each report that is news: the first, an alarm, its end. */
  say(report: Report): void;
}

/**
 * Follows a log: every step verifies its newest checkpoint and computes from its tiles that nothing before was changed. What is remembered outlives the process. A fork, a log that was set back or a key that nobody trusts
 * ends it, since no later step can make it good; a log that stalls or cannot be read is told once, and its end too.
 * @returns the exit code: 0 ok (or stopped while well), 20, 21, 22 as for packs
 */
export async function follow(of: FollowOptions): Promise<Report['exitCode']> {
  const now = of.now ?? Date.now;
  let told = '';
  for (;;) {
    const report = await step(of, now());
    const news = report.verdict === 'ok' ? 'ok' : report.faults.map(({ kind }) => kind).join();
    if (news !== told) of.say(report);
    told = news;
    if (of.once || report.exitCode === 20 || report.exitCode === 22) return report.exitCode;
    await sleep(of.everyMs, undefined, { signal: of.signal }).catch(() => undefined);
    if (of.signal.aborted) return report.exitCode;
  }
}

async function step({ where, checks, state, stalledMs, ...of }: FollowOptions, now: number): Promise<Report> {
  const memory = readMemory(state, now);
  try {
    const { remember, grown, ...report } = await followLog(memory.note, await showLog(where, of), checks);
    if (remember !== null && report.verdict === 'ok' && (grown || remember !== memory.note)) writeMemory(state, { note: remember, grownAt: grown ? now : memory.grownAt });
    return report.verdict === 'ok' && !grown ? aged(report, memory, now, stalledMs) : report;
  } catch (error) {
    if (!(error instanceof LogUnreadable)) throw error;
    return reportOf([{ kind: 'stalled', where: nowhereAtAll, say: `the log cannot be read: ${error.message}; it was well at ${when(memory)}` }], []);
  }
}

function aged(report: Report, memory: Memory, now: number, stalledMs: number): Report {
  if (now - memory.grownAt < stalledMs) return report;
  return reportOf([{ kind: 'stalled', where: nowhereAtAll, say: `the log has not grown since ${when(memory)}` }], report.notes);
}

const when = ({ note, grownAt }: Memory): string => (note === null ? 'no time that is remembered' : new Date(grownAt).toISOString());

/** A report with the time in front, for a terminal or a mail of cron. */
export const followText = (report: Report, at: Date): string => `${at.toISOString()} ${reportText(report)}`;
