import { readFileSync } from 'node:fs';
import pg from 'pg';
import { mustSallyport } from './cli.ts';
import type { Demo } from './demo.ts';
import type { Stack } from './stack.ts';

/** The main job, told on the real stack: every line below is what the services answered. */
export async function tellStory(stack: Stack, demo: Demo, print: (line: string) => void): Promise<void> {
  const job = await connect(stack, await demo.token('nightly-ledger'), print);
  try {
    print('\n1. The nightly job reads customers: allowed, and what is classified comes masked.');
    await ask(job, 'select name, email, ssn, card, city from ledger.customers order by id limit 3', print);
    print('\n2. It tries to drop a table: stopped, the session lives.');
    await ask(job, 'drop table ledger.entries', print);
    print('\n3. It changes a balance: held until a person has approved.');
    await held(stack, demo, job, print);
  } finally {
    await job.end();
  }
  print('\n4. Every step is in the ledger, and the ledger verifies.');
  const auditor = { ...demo.env, SALLYPORT_TOKEN: await demo.token('carol') };
  print(indent(await mustSallyport(auditor, 'sessions', 'list', '--limit', '3')));
  print(indent(await mustSallyport(auditor, 'evidence', 'verify')));
}

async function held(stack: Stack, demo: Demo, job: pg.Client, print: (line: string) => void): Promise<void> {
  const asked = new Promise<void>((resolve) => {
    job.once('notice', () => resolve());
  });
  const update = ask(job, 'update ledger.accounts set balance = balance + 250 where id = 2', print);
  await asked;
  const approver = { ...demo.env, SALLYPORT_TOKEN: await demo.token('bob') };
  const open = JSON.parse(await mustSallyport(approver, 'approvals', 'list', '--state', 'pending', '-o', 'json')) as { approvals?: { id: string }[] } | { id: string }[];
  const [first] = Array.isArray(open) ? open : (open.approvals ?? []);
  if (first === undefined) throw new Error('the held statement is not in the list of approvals');
  print(`   bob looks at it:  sallyport approvals show ${first.id}`);
  print(indent(await mustSallyport(approver, 'approvals', 'show', first.id)));
  print(`   bob says yes:     sallyport approvals approve ${first.id} --comment 'correction of 2026-11-20'`);
  await mustSallyport(approver, 'approvals', 'approve', first.id, '--comment', 'correction of 2026-11-20');
  await update;
}

async function connect(stack: Stack, token: string, print: (line: string) => void): Promise<pg.Client> {
  const [host, port] = (stack.env['SALLYPORT_PG'] ?? '').split(':');
  const client = new pg.Client({
    host: host ?? '127.0.0.1', port: Number(port), user: 'ledger-db', password: token, database: 'ledger', application_name: 'story',
    ssl: { ca: readFileSync(stack.tls.ca, 'utf8'), servername: 'localhost' },
  });
  client.on('notice', (notice) => print(`   NOTICE:  ${notice.message ?? ''}`));
  await client.connect();
  return client;
}

async function ask(client: pg.Client, text: string, print: (line: string) => void): Promise<void> {
  print(`   ledger=> ${text};`);
  try {
    const { command, rowCount, rows, fields } = await client.query<Record<string, unknown>>(text);
    if (fields.length === 0) print(`   ${command} ${rowCount ?? ''}`);
    else print(indent(table(fields.map(({ name }) => name), rows)));
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    print(`   ERROR:  ${error.code ?? ''}: ${error.message}`);
    if (error.detail) print(`   DETAIL:  ${error.detail}`);
    if (error.hint) print(`   HINT:  ${error.hint}`);
  }
}

function table(names: readonly string[], rows: readonly Record<string, unknown>[]): string {
  const cells = rows.map((row) => names.map((name) => (row[name] === null ? '' : String(row[name]))));
  const widths = names.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ');
  return [line(names), widths.map((width) => '-'.repeat(width)).join('-+-'), ...cells.map(line)].join('\n');
}

function indent(text: string): string {
  return text.trimEnd().split('\n').map((one) => `   ${one}`.trimEnd()).join('\n');
}
