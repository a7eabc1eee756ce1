import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import type { ServiceName } from '../../../../scripts/stack/stack.ts';
import { group, machine, target } from './cast.ts';
import { targetRole, type TargetServer } from './target.ts';
import { startWorld, type World } from './world.ts';

/** Two targets on one server: `strict` waits for the bus before anything changes, `spool` is content with the gateway's own disk. */
export type Mode = 'strict' | 'spool';
export const modes = ['strict', 'spool'] as const satisfies readonly Mode[];
export const database = 'marks';
export const journalMax = 8 * 1024 * 1024;

const seed = `
  create table inserted (mark text primary key);
  create table guarded (mark text primary key);
  create table forbidden (mark text primary key);
  grant all on inserted, guarded, forbidden to public;`;

const policies = {
  'marks.cedar': `@id("work") @reason("the load may do its work") permit (principal in Group::"load", action, resource);
@id("forbidden") @reason("nothing is written there") forbid (principal, action == Action::"write", resource) when { resource.name == "forbidden" };
@id("guarded") @reason("needs the word of an owner") @approvers("owners") @expires("5m")
forbid (principal, action == Action::"write", resource) when { resource.name == "guarded" && !context.approval };
`,
};

/** The stack with small patience and a small journal, and a target that logs every statement that reaches it. @param prepare is told the home before anything is in it */
export function startKillWorld(prepare: (home: string) => Promise<void> = () => Promise.resolve()): Promise<World> {
  return startWorld({
    targets: { server: { version: 'embedded', seed, databases: [database], settings: logging } },
    documents: ({ issuer, servers, ca }) => [
      group('load'),
      machine(issuer, 'worker', { groups: ['load'] }),
      ...modes.map((mode) => withMode(target(mode, { port: servers['server']?.server.port ?? 0, ca, credential: 'server' }), mode)),
    ],
    policies,
    stack: async (home) => {
      await prepare(home);
      return { env: { gateway: { SALLYPORT_JOURNAL_MAX: String(journalMax) }, evidence: { SALLYPORT_EVIDENCE_REPLACED: '3' } } };
    },
  });
}

function withMode(document: Readonly<Record<string, unknown>>, mode: Mode): Readonly<Record<string, unknown>> {
  const { spec } = document;
  return { ...document, spec: { ...(typeof spec === 'object' ? spec : {}), evidence: mode } };
}

export function targetOf(world: World): TargetServer['server'] {
  const made = world.servers['server'];
  if (made === undefined) throw new Error('this world has no target');
  return made.server;
}

/** Every statement and its parameters, in a file of its own. */
const logging = ['log_statement = all', 'logging_collector = on', `log_filename = 'statements.log'`, `log_line_prefix = '%u@%d '`, 'log_parameter_max_length = 200'];

/** What the target has logged, so far, of the gateway's sessions: statements and their parameters. */
export function statementLog(world: World): string[] {
  const text = readFileSync(join(targetOf(world).sockets, 'data', 'log', 'statements.log'), 'utf8');
  return text.split(/^(?=\w*@\w* )/m).filter((entry) => entry.startsWith(`${targetRole}@${database} `));
}

type Part = ServiceName | 'nats' | 'postgres';

/** As the machine's power going away would. */
export async function kill9({ stack }: World, part: Part): Promise<void> {
  if (part === 'nats' || part === 'postgres') await stack[part].kill9();
  else await stack.services[part].stop('SIGKILL');
}

export async function restart({ stack }: World, part: Part): Promise<void> {
  if (part === 'nats' || part === 'postgres') return stack[part].restart();
  stack.services[part].start();
  await stack.services[part].ready();
}

/** Ready again as an operator would see it: each service's own readiness page. */
export async function allReady({ stack }: World): Promise<void> {
  await Promise.all(Object.values(stack.services).map((service) => service.ready()));
}

/** Waits for a condition; says what it was when the time is over. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${timeoutMs / 1000} s: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
