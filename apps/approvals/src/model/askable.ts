import { fail, type Reply } from '@sallyport/platform-bus';
import { askers, askingMachine, unanswerable, type Machines, type People } from './eligible.ts';
import type { Requested } from './event.ts';

type Wish = Pick<Requested, 'owner' | 'machine' | 'requester' | 'quorum'>;

/** Null when the machine that asks may ask. One that nobody answers for at the moment (`attention`) works on, and gets no new leave. */
function inactive(machines: Machines, wish: Pick<Wish, 'machine' | 'requester'>): Reply<never> | null {
  const name = askingMachine(wish);
  const state = name === null ? 'active' : machines.machine(name)?.state;
  return state === 'active' ? null : fail('machine-not-active', `the machine ${name ?? ''} ${state === undefined ? 'is not in the inventory' : `is in state ${state}`}: it gets no new approvals`);
}

/** Null when leave may be asked for; else the refusal. */
export function unaskable(inventory: People & Machines, wish: Wish): Reply<never> | null {
  const refused = inactive(inventory, wish);
  if (refused !== null) return refused;
  const why = unanswerable(inventory, wish.quorum, askers(inventory, wish));
  return why === null ? null : fail('unanswerable', why);
}

/** Null while people may still say yes, or the yes be used; else why not. What was asked before a machine needed attention may still be answered. */
export function barred(machines: Machines, wish: Pick<Wish, 'machine' | 'requester'>): string | null {
  const name = askingMachine(wish);
  if (name === null) return null;
  const state = machines.machine(name)?.state;
  return state === 'active' || state === 'attention' ? null : `the machine ${name} ${state === undefined ? 'is not in the inventory' : `is ${state}`}`;
}
