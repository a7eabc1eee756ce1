import { expect } from 'vitest';
import { counterFaults, isDense, marksOf, readLedger, type Ledger } from './kill-ledger.ts';
import { isRead, type Load, type Try } from './kill-load.ts';
import { database, statementLog, targetOf, until } from './kill-world.ts';
import type { World } from './world.ts';

/** When the gateway was killed, in milliseconds of the wall clock. */
export type GatewayKills = readonly number[];

/** How long a service may take to beat again. */
const silenceMs = 90_000;

/** What a killed gateway had not yet on its disk is younger than this. */
const onTheWay = 3000;

/**
 * Lets the load rest, waits until everything has arrived, and holds the ledger against the target and the clients. Fails where a statement
 * reached the target without its event, where a client was told what the ledger does not know, or where the ledger does not verify.
 * @param patienceMs until everything has arrived
 */
export async function settleAccounts(world: World, load: Load, kills: GatewayKills = [], patienceMs = 30_000): Promise<Ledger> {
  await load.rest();
  const there = await rowsOf(world, 'inserted');
  let ledger = await readLedger(world);
  const unrecorded = () => [...there, ...load.of('ok').map(({ mark }) => mark)].filter((mark) => !isAllowed(ledger, mark));
  // When it does not come, the expectations say what is missing.
  await until('everything is in the ledger', async () => {
    ledger = await readLedger(world);
    return unrecorded().length === 0 && counterFaults(ledger).length === 0 && (await isDense(world));
  }, patienceMs).catch(() => undefined);
  expect(unrecorded(), 'marks that are in the target or were acknowledged, without an event').toEqual([]);
  expect(await isDense(world), 'no producer has a hole').toBe(true);
  const tries = new Map(load.tries.map((one) => [one.mark, one]));
  const reached = new Set(statementLog(world).flatMap((entry) => marksOf(entry)));
  checkTarget(ledger, tries, there, reached);
  checkClients(ledger, load, there, { kills, reached });
  expect(counterFaults(ledger)).toEqual([]);
  expect(ledger.events.filter(({ type }) => type === 'log.equivocation')).toEqual([]);
  await verify(world);
  return ledger;
}

/** `sallyport evidence verify`, as an auditor runs it. A service without its database has no heart: that is told until it beats again. */
export async function verify(world: World): Promise<void> {
  let { code, out, err } = await world.cli('carl', 'evidence', 'verify', '-o', 'json');
  let findings: { readonly kind?: string }[] = [];
  for (const until = Date.now() + silenceMs; ; ) {
    ({ findings = [] } = out === '' ? {} : (JSON.parse(out) as { findings?: typeof findings }));
    if (findings.length === 0 || findings.some(({ kind }) => kind !== 'silent') || Date.now() > until) break;
    await new Promise((done) => setTimeout(done, 1000));
    ({ code, out, err } = await world.cli('carl', 'evidence', 'verify', '-o', 'json'));
  }
  expect({ code, findings, err }).toEqual({ code: 0, findings: [], err: '' });
}

export const isAllowed = ({ decided }: Ledger, mark: string) => decided.get(mark)?.some(({ decision }) => decision === 'allow') === true;

export async function rowsOf(world: World, table: string): Promise<string[]> {
  return (await targetOf(world).sql(`select mark from ${table}`, database)).map(({ mark }) => String(mark));
}

/** Nothing reached the target that was not allowed, in writing. */
function checkTarget(ledger: Ledger, tries: ReadonlyMap<string, Try>, there: readonly string[], reached: ReadonlySet<string>): void {
  expect(reached.size).toBeGreaterThanOrEqual(there.length);
  // A read goes to the target at once, and its result waits for the event: one that a killed gateway took with it has neither.
  const unrecorded = [...reached].filter((mark) => !isAllowed(ledger, mark)).map((mark) => tries.get(mark)).filter((one) => one === undefined || !isRead(one.kind) || one.outcome !== 'cut');
  expect(unrecorded.map(said), 'statements in the target’s log without an event').toEqual([]);
}

function checkClients(ledger: Ledger, load: Load, there: readonly string[], { kills, reached }: { readonly kills: GatewayKills; readonly reached: ReadonlySet<string> }): void {
  const rows = new Set(there);
  const ok = load.of('ok');
  expect(ok.filter(({ kind }) => kind === 'forbidden').map(said), 'forbidden and done').toEqual([]);
  expect(ok.filter(({ kind, mark }) => !isRead(kind) && !rows.has(mark)).map(said), 'acknowledged and not in the target').toEqual([]);
  const refused = load.tries.filter(({ kind, outcome }) => !isRead(kind) && outcome !== 'ok' && outcome !== 'cut');
  expect(refused.filter(({ mark }) => reached.has(mark)).map(said), 'refused and sent all the same').toEqual([]);
  const twice = [...ledger.decided].filter(([, all]) => all.length !== 1);
  expect(twice.map(([mark, all]) => `${mark}: ${all.map(({ decision }) => decision).join(', ')}`), 'marks that were decided more than once').toEqual([]);
  const denied = load.of('42501').filter(({ kind, ended }) => kind === 'forbidden' && !kills.some((at) => ended <= at && at - ended < onTheWay));
  expect(denied.filter(({ mark }) => ledger.decided.get(mark)?.[0]?.decision !== 'deny').map(said), 'refusals without an event').toEqual([]);
  const untold = ok.filter(({ mark }) => ledger.decided.get(mark)?.some(({ command, session }) => ledger.closed.has(session) && ledger.settled.get(command)?.status !== 'ok'));
  expect(untold.map(said), 'answers of closed sessions whose end is not told').toEqual([]);
}

/** A try in one line, for a failure that a person can read. */
export function said(one: Try | undefined): string {
  return one === undefined ? 'a mark that nobody has sent' : `${one.mark} ${one.kind} ${one.outcome} after ${one.ended - one.began} ms, at ${new Date(one.began).toISOString()}`;
}
