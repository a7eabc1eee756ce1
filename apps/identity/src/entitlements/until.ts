import { seconds, type GovernanceSettings, type MachineDocument } from '@sallyport/platform-config';
import type { Inventory } from '../model/inventory.ts';

const dayMs = 86_400_000;

/** The midnight (UTC) after a day that still counts: milliseconds since 1970. */
export const afterDay = (day: string): number => Date.parse(`${day}T00:00:00Z`) + dayMs;

/** When something ends, and what made it end earlier than was asked for. */
export interface End {
  /** Milliseconds since 1970. */
  readonly until: number;
  /** Without names of people: it stands in evidence as it is. */
  readonly limitedBy: string | null;
}

export interface EndTerms {
  readonly kind: 'standing' | 'jit' | 'break-glass';
  /** Milliseconds since 1970: what was asked for, and when it was granted. */
  readonly asked: number;
  readonly granted: number;
}

/** The least of what was asked for, the longest that such a grant may last, and the dates that the machine itself does not outlive. */
export function effectiveEnd({ kind, asked, granted }: EndTerms, machine: MachineDocument, inventory: Inventory): End {
  const settings = inventory.governance;
  const longest = settings.longestEntitlement[kind === 'break-glass' ? 'breakGlass' : kind];
  return least([
    { until: asked, limitedBy: null },
    { until: granted + seconds(longest) * 1000, limitedBy: `the longest that ${called[kind]} may last (${longest})` },
    ...limitsOf(machine, inventory, settings),
  ]);
}

/** When the machine itself stops working by what is known today; `asked` where nothing limits it. */
export function machineEnd(machine: MachineDocument, inventory: Inventory, asked: number): End {
  return least([{ until: asked, limitedBy: null }, ...limitsOf(machine, inventory, inventory.governance)]);
}

const called = { standing: 'a standing entitlement', jit: 'access on request', 'break-glass': 'access in an emergency' } as const;

function limitsOf({ spec }: MachineDocument, inventory: Inventory, settings: GovernanceSettings): End[] {
  const owner = inventory.people.get(spec.owner)?.spec.contractEnd;
  const vendor = spec.vendor?.contractEnd;
  return [
    ...(owner === undefined ? [] : [{ until: afterDay(owner), limitedBy: `the contract of the machine's owner (${owner})` }]),
    ...(vendor === undefined ? [] : [{ until: afterDay(vendor), limitedBy: `the contract of the machine's vendor (${vendor})` }]),
    { until: afterDay(spec.reviewBy) + seconds(settings.reviews.grace) * 1000, limitedBy: `the machine's review, due on ${spec.reviewBy}, and ${settings.reviews.grace} of grace` },
  ];
}

/** The earliest; of two at the same moment the first. */
const least = (ends: readonly [End, ...End[]]): End => ends.reduce((a, b) => (b.until < a.until ? b : a));
