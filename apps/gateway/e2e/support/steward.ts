import { approvalsVote, governanceUsage, identityMachine, identityMachineSuspend, reviewDecide, type Bus, type Caller, type Campaign, type Reply, type ReviewItem } from '@sallyport/platform-bus';
import type { Person } from './cast.ts';
import type { World } from './world.ts';

/** What people do to machines and to reviews of access. Acts answer `ok`, or the code of their error. */
export interface Steward {
  /** By the command line. */
  transfer(by: Person, machine: string, to: Person): Promise<string>;
  accept(by: Person, machine: string, backup?: Person): Promise<string>;
  agree(by: Person, machine: string): Promise<string>;
  openReview(by: Person, ...scope: string[]): Promise<Campaign>;
  items(campaign: string): Promise<readonly ReviewItem[]>;
  decide(by: Person, item: string, decision: 'keep' | 'narrow' | 'revoke'): Promise<string>;
  /** As the console asks the services: where the start of a program would take too long. */
  readonly atOnce: {
    suspend(by: Person, machine: string): Promise<string>;
    vote(by: Person, approval: string): Promise<string>;
    decide(by: Person, item: string, decision: 'keep' | 'narrow' | 'revoke'): Promise<string>;
  };
  stateOf(machine: string): Promise<string>;
  /** How many different things a machine is known to have used. */
  used(machine: string): Promise<number>;
}

const roles: Readonly<Record<Person, readonly string[]>> = { erin: ['admin'], alice: ['approver'], bob: ['approver'], brenda: ['approver'], carl: ['auditor'], oscar: ['operator'], carlos: [], nora: [] };
const as = (person: Person): Caller => ({ person, roles: [...roles[person]], groups: roles[person].includes('approver') ? ['owners'] : [], source: '127.0.0.1' });

export async function steward({ stack, cli }: World): Promise<Steward> {
  const bus: Pick<Bus, 'call'> = await stack.nats.connect('console');
  const act = async (by: Person, ...args: string[]): Promise<string> => {
    const { code, err } = await cli(by, ...args);
    return /^sallyport: ([\w-]+):/.exec(err)?.[1] ?? (code === 0 || code === 11 ? 'ok' : `${code} ${err}`);
  };
  const answer = async <T>(by: Person, ...args: string[]): Promise<T> => {
    const { code, out, err } = await cli(by, ...args, '-o', 'json');
    if (code !== 0) throw new Error(`sallyport ${args.join(' ')}: ${err}`);
    const value: T = JSON.parse(out);
    return value;
  };
  const reason = 'it was looked at';
  return {
    transfer: (by, machine, to) => act(by, 'machines', 'transfer', machine, '--to', to, '--reason', reason),
    accept: (by, machine, backup) => act(by, 'machines', 'accept', machine, ...(backup === undefined ? [] : ['--backup', backup])),
    agree: (by, machine) => act(by, 'machines', 'agree', machine),
    openReview: (by, ...scope) => answer(by, 'reviews', 'open', ...scope),
    items: async (campaign) => (await answer<{ items: ReviewItem[] }>('erin', 'reviews', 'show', campaign)).items,
    decide: (by, item, decision) => act(by, 'reviews', 'decide', item, decision, '--reason', reason),
    atOnce: {
      suspend: async (by, machine) => codeOf(await bus.call(identityMachineSuspend, { by: as(by), machine, reason })),
      vote: async (by, approval) => codeOf(await bus.call(approvalsVote, { by: as(by), approval, vote: 'approve', comment: null })),
      decide: async (by, item, decision) => codeOf(await bus.call(reviewDecide, { by: as(by), item, decision, reason })),
    },
    stateOf: async (machine) => value(await bus.call(identityMachine, { by: as('erin'), machine })).machine?.state ?? 'removed',
    used: async (machine) => value(await bus.call(governanceUsage, { by: as('carl'), machine })).total,
  };
}

const codeOf = (reply: Reply<unknown>): string => (reply.ok ? 'ok' : reply.error.code);

function value<T>(reply: Reply<T>): T {
  if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.say}`);
  return reply.value;
}
