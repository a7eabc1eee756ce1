import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir, tokenIssuer, type TokenIssuer } from '@sallyport/testing-stack';
import { sallyport, type CliAnswer } from '../../../../scripts/stack/cli.ts';
import { startStack, type Stack, type StackOptions } from '../../../../scripts/stack/stack.ts';
import { castDocuments, workload, type Document, type Person } from './cast.ts';
import type { Endpoint } from './endpoint.ts';
import { startTarget, targetRole, writeCredential, type TargetOptions, type TargetServer } from './target.ts';

/** The whole product in a directory of its own, PostgreSQL targets, an issuer of tokens, people and machines. */
export interface World extends AsyncDisposable {
  readonly stack: Stack;
  readonly issuer: TokenIssuer;
  readonly servers: Readonly<Record<string, TargetServer>>;
  /** A token that a machine of the cast would be given. */
  tokenOf(machine: string): Promise<string>;
  /** Runs the command line client as this person. */
  cli(person: Person, ...args: string[]): Promise<CliAnswer>;
  /** Applies documents and policies (by file name) as erin; what stands and is not named stays. Throws when it is refused. */
  apply(documents: readonly Document[], policies?: Readonly<Record<string, string>>): Promise<CliAnswer>;
  /** The gateway as a client sees it. */
  gateway(target: string, machine: string, database: string): Promise<Endpoint>;
  /** The target itself. */
  direct(server: string, database: string): Endpoint;
}

export interface WorldOptions {
  readonly targets: Readonly<Record<string, Omit<TargetOptions, 'tls'>>>;
  /** Machines, targets, groups, classifications. The cast is applied before. */
  documents(made: { readonly issuer: TokenIssuer; readonly servers: Readonly<Record<string, TargetServer>>; readonly ca: string }): readonly Document[];
  readonly policies: Readonly<Record<string, string>>;
  /** What else the stack is started with; told its home, which is empty then. */
  stack?(home: string): Promise<Omit<StackOptions, 'home' | 'say'>>;
}

export async function startWorld({ targets, documents, policies, stack: more }: WorldOptions): Promise<World> {
  const home = await tempDir('sallyport-e2e');
  // PostgreSQL runs as another user and must reach its own directory inside.
  chmodSync(home.path, 0o755);
  const [stack, issuer] = await Promise.all([startStack({ home: home.path, say: () => undefined, ...(await more?.(home.path)) }), tokenIssuer()]);
  const servers = await startTargets(stack, targets);
  const world = joinWorld(stack, issuer, servers, home);
  try {
    await world.cast();
    await world.apply(documents({ issuer, servers, ca: stack.tls.ca }), policies);
  } catch (error) {
    await world[Symbol.asyncDispose]();
    throw error;
  }
  return world;
}

async function startTargets(stack: Stack, targets: WorldOptions['targets']): Promise<Record<string, TargetServer>> {
  const started = await Promise.all(Object.entries(targets).map(async ([name, options]) => [name, await startTarget({ ...options, tls: stack.tls })] as const));
  for (const [name, { password }] of started) writeCredential(stack.home.at('credentials'), name, targetRole, password);
  return Object.fromEntries(started);
}

function joinWorld(stack: Stack, issuer: TokenIssuer, servers: Record<string, TargetServer>, home: AsyncDisposable): World & { cast(): Promise<CliAnswer> } {
  const api = { SALLYPORT_API: stack.env['SALLYPORT_API'] ?? '', SALLYPORT_SIGNALS_URL: stack.env['SALLYPORT_SIGNALS_URL'] ?? '', SALLYPORT_CA: stack.tls.ca };
  const gatewayPort = Number((stack.env['SALLYPORT_PG'] ?? '').split(':')[1]);
  const tokenOf = (name: string) => issuer.token({ sub: workload(name), workload_id: workload(name) });
  const applyAs = async (env: Record<string, string>, documents: readonly Document[], policies: Readonly<Record<string, string>>) => {
    const directory = stack.home.at('e2e-config');
    writeConfiguration(directory, documents, policies);
    const answer = await sallyport({ ...api, ...env }, 'apply', '-f', directory);
    if (answer.code !== 0) throw new Error(`apply failed with ${answer.code}:\n${answer.err}${answer.out}`);
    return answer;
  };
  return {
    stack,
    issuer,
    servers,
    tokenOf,
    cast: () => applyAs({ SALLYPORT_ADMIN_TOKEN: stack.home.secrets.admin }, castDocuments(issuer), {}),
    cli: async (person, ...args) => sallyport({ ...api, SALLYPORT_TOKEN: await issuer.token({ sub: person }) }, ...args),
    apply: async (documents, policies = {}) => applyAs({ SALLYPORT_TOKEN: await issuer.token({ sub: 'erin' }) }, documents, policies),
    gateway: async (target, machine, database) => ({ port: gatewayPort, user: target, password: await tokenOf(machine), database, ca: stack.tls.ca }),
    direct: (server, database) => ({ port: of(servers, server).server.port, user: targetRole, password: of(servers, server).password, database, ca: stack.tls.ca }),
    [Symbol.asyncDispose]: async () => {
      await stack.stop();
      for (const { server } of Object.values(servers)) await server[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

function of(servers: Record<string, TargetServer>, name: string): TargetServer {
  const server = servers[name];
  if (server === undefined) throw new Error(`this world has no server ${name}`);
  return server;
}

/** YAML is a superset of JSON: a document is one file. */
export function writeConfiguration(directory: string, documents: readonly Document[], policies: Readonly<Record<string, string>>): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [i, document] of documents.entries()) writeFileSync(join(directory, `${i}.yaml`), JSON.stringify(document, null, 2));
  for (const [name, text] of Object.entries(policies)) writeFileSync(join(directory, name), text);
}
