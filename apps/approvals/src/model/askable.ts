import { fail, type Reply } from '@sallyport/platform-bus';
import { askers, askingMachine, unanswerable, type Machines, type People } from './eligible.ts';
import type { Requested } from './event.ts';

type Wish = Pick<Requested, 'owner' | 'machine' | 'requester' | 'behalf' | 'quorum'>;

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

type Held = Pick<Requested, 'machine' | 'requester' | 'subject'>;

/** The machine that would act under an approval: null where a person asks for what no machine does by itself. */
const actingMachine = (held: Held): string | null => (held.subject?.kind === 'manifest' ? held.machine : askingMachine(held));

/** Null while people may still say yes, or the yes be used; else why not. What was asked before a machine needed attention may still be answered. */
export function barred(machines: Machines, held: Held): string | null {
  const name = actingMachine(held);
  if (name === null || works(machines, name)) return null;
  const state = machines.machine(name)?.state;
  return `the machine ${name} ${state === undefined ? 'is not in the inventory' : `is ${state}`}`;
}

/** Why an approval is taken back: its machine was stopped. Null too for a machine that is not known here, which may be because the inventory is being shown anew: it just waits. */
export function stopped(machines: Machines, held: Held): string | null {
  const name = actingMachine(held);
  return name === null || machines.machine(name) === null ? null : barred(machines, held);
}

const works = (machines: Machines, name: string): boolean => ['active', 'attention'].includes(machines.machine(name)?.state ?? '');
