import { seconds as secondsOf, type AccessPathDocument } from '@sallyport/platform-config';
import { canonical, digestOf } from '../model/document.ts';
import type { Inventory } from '../model/inventory.ts';
import { whyStopped } from '../model/admit.ts';
import { placeText, type Place } from './grants.ts';
import { pathsTo } from './wanted.ts';

/** What somebody asks for. */
export interface Asked extends Place {
  readonly kind: 'jit' | 'break-glass';
  /** Null: as long, as often as the path lets. */
  readonly seconds: number | null;
  readonly uses: number | null;
  readonly reason: string;
  /** `machine:x` or `person:y`. */
  readonly requester: string;
  readonly byConnecting: boolean;
  readonly source: string;
}

/** The terms under which people are asked. */
export interface Terms {
  readonly path: AccessPathDocument;
  readonly pathVersion: number;
  readonly seconds: number;
  readonly uses: number | null;
  /** Empty: nobody is asked. */
  readonly quorum: readonly { readonly group: string; readonly count: number }[];
  /** Seconds that people have. */
  readonly answerWithin: number;
}

export type Refusal = { readonly code: 'no-target' | 'machine-not-active' | 'no-path' | 'too-long' | 'too-many-uses'; readonly say: string };

/** By which path something may be asked for: the first, by name, whose terms it fits. */
export function termsOf(asked: Asked, inventory: Inventory): Terms | Refusal {
  const machine = inventory.machines.get(asked.machine);
  if (machine === undefined) return { code: 'machine-not-active', say: `machine ${asked.machine} is not in the inventory` };
  const stopped = whyStopped(machine, inventory);
  if (stopped !== null) return { code: 'machine-not-active', say: stopped.say };
  if (inventory.stateOf(asked.machine) === 'attention') return { code: 'machine-not-active', say: `machine ${asked.machine} needs attention (${inventory.decisive(asked.machine)?.why ?? 'see its entry'}): nothing new is granted to it until then` };
  if (!isThere(inventory, asked.target)) return { code: 'no-target', say: `there is no target ${asked.target}` };
  const paths = pathsTo(inventory, asked).filter((path) => isOpen(path, asked));
  const what = asked.kind === 'jit' ? 'ask for access' : 'break the glass';
  if (paths.length === 0) return { code: 'no-path', say: `no AccessPath lets ${asked.requester === `machine:${asked.machine}` ? `machine ${asked.machine}` : `somebody for machine ${asked.machine}`} ${what} to ${placeText(asked)}` };
  const short = paths.filter((path) => asked.seconds === null || asked.seconds <= longestOf(path, asked.kind));
  if (short.length === 0) return { code: 'too-long', say: `${placeText(asked)} can be had for ${Math.max(...paths.map((path) => longestOf(path, asked.kind)))} s at most` };
  const [path] = short.filter(({ spec }) => asked.uses === null || spec.uses === undefined || asked.uses <= spec.uses);
  if (path === undefined) return { code: 'too-many-uses', say: `${placeText(asked)} can be had for ${Math.max(...short.map(({ spec }) => spec.uses ?? 0))} sessions at most` };
  return {
    path, pathVersion: inventory.standing('AccessPath', path.metadata.name)?.version ?? 0,
    seconds: asked.seconds ?? longestOf(path, asked.kind), uses: asked.uses ?? path.spec.uses ?? null,
    quorum: quorumOf(path, asked.kind), answerWithin: secondsOf(path.spec.answerWithin),
  };
}

function isOpen({ spec }: AccessPathDocument, { kind, requester, byConnecting }: Asked): boolean {
  if (kind === 'jit') return !byConnecting || spec.onConnect === 'ask';
  return spec.breakGlass !== undefined && (requester.startsWith('person:') || spec.breakGlass.byMachine);
}

function longestOf({ spec }: AccessPathDocument, kind: Asked['kind']): number {
  return secondsOf(kind === 'jit' || spec.breakGlass === undefined ? spec.longest : spec.breakGlass.longest);
}

function quorumOf({ spec }: AccessPathDocument, kind: Asked['kind']): Terms['quorum'] {
  if (kind === 'jit') return spec.approvers;
  return spec.breakGlass === undefined || spec.breakGlass.count === 0 ? [] : [{ group: spec.breakGlass.group, count: spec.breakGlass.count }];
}

/** A request as it stands in the database, as far as people agree to it. */
export interface Agreed extends Place {
  readonly id: string;
  readonly kind: Asked['kind'];
  readonly path: string;
  readonly path_version: number;
  readonly seconds: number;
  readonly uses: number | null;
  readonly reason: string;
  readonly requester: string;
}

/** What exactly is approved: another time, place or path is another thing. */
export const bindingOf = ({ id, kind, path, path_version, machine, target, role, seconds, uses, reason, requester }: Agreed): string =>
  digestOf(canonical({ id, kind, path, path_version, machine, target, role, seconds, uses, reason, requester }));

/** All that people read before they say yes. */
export function textFor(request: Agreed & { readonly source: string; readonly by_connecting: boolean }, inventory: Inventory): string {
  const machine = inventory.machines.get(request.machine)?.spec;
  return [
    request.kind === 'jit' ? 'Access on request' : 'ACCESS IN AN EMERGENCY: everything is recorded, and somebody else reviews it afterwards',
    `machine   ${request.machine}${machine === undefined ? '' : ` (${machine.kind}, ${machine.environment}, criticality ${machine.criticality}; owner ${machine.owner})`}`,
    ...(machine === undefined ? [] : [`purpose   ${machine.purpose}`]),
    `target    ${request.target}`,
    `role      ${request.role ?? 'none'}`,
    `for       ${lasting(request.seconds)}, from the last yes that is needed`,
    `sessions  ${request.uses ?? 'any number'}`,
    `asked by  ${request.requester}, from ${request.source}${request.by_connecting ? ', by connecting' : ''}`,
    `path      ${request.path}, version ${request.path_version}`,
    `request   ${request.id}`,
    `reason    ${request.reason}`,
  ].join('\n');
}

/** One line without what people wrote. */
export const shapeOf = ({ kind, machine, target, role, seconds, uses }: Pick<Agreed, 'kind' | 'machine' | 'target' | 'role' | 'seconds' | 'uses'>): string =>
  `${kind === 'jit' ? 'access' : 'emergency access'} of ${machine} to ${placeText({ target, role })} for ${lasting(seconds)}${uses === null ? '' : `, ${uses} session${uses === 1 ? '' : 's'}`}`;

/** `4 h`, `90 min`, `45 s`: the largest unit that it is a whole number of. */
export function lasting(seconds: number): string {
  for (const [unit, size] of [['d', 86_400], ['h', 3600], ['min', 60]] as const) if (seconds >= size && seconds % size === 0) return `${seconds / size} ${unit}`;
  return `${seconds} s`;
}

const isThere = (inventory: Inventory, target: string): boolean => (inventory.standing('Target', target)?.document ?? null) !== null;
