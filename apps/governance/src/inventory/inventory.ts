import type { MaskPlan } from '@sallyport/domain-model';
import type { MachineFacts, TargetFacts } from '@sallyport/engine-policy';
import { buckets, shownPlan, type Bus } from '@sallyport/platform-bus';
import { governanceDocument, usualGovernance, type GovernanceSettings, type MachineDocument, type TargetDocument } from '@sallyport/platform-config';
import { shownMachineDocument, targetDocument } from '@sallyport/platform-config';
import type { Log } from '@sallyport/platform-telemetry';
import { z } from 'zod';

const personEntry = z.object({ spec: z.object({ active: z.boolean().default(true), roles: z.array(z.string()).default([]) }) });
const groupEntry = z.object({ spec: z.object({ members: z.array(z.string()) }) });

export interface PersonSeen {
  readonly active: boolean;
  readonly roles: readonly string[];
}

/** Machines, targets, people, groups of approvers, settings and classifications as they are now, kept up to date from the bus. What cannot be read counts as not being there. */
export class Inventory {
  readonly machines = new Map<string, MachineDocument>();
  readonly targets = new Map<string, TargetDocument>();
  readonly people = new Map<string, PersonSeen>();
  readonly approvers = new Map<string, readonly string[]>();
  readonly #plans = new Map<string, z.output<typeof shownPlan>>();
  #settings: GovernanceSettings = usualGovernance;

  get settings(): GovernanceSettings {
    return this.#settings;
  }

  /** Resolves when the present content has been read; later changes follow. Returns how to stop. */
  async follow(bus: Pick<Bus, 'kv'>, log: Log): Promise<() => void> {
    const entries = await bus.kv(buckets.inventory);
    const stopEntries = await entries.watch('>', (key, value) => this.#told(this.take(key, value), key, log));
    const plans = await bus.kv(buckets.plans);
    const stopPlans = await plans.watch('>', (target, value) => this.#told(this.takePlan(target, value), target, log));
    return () => {
      stopEntries();
      stopPlans();
    };
  }

  #told(read: boolean, key: string, log: Log): void {
    if (!read) log.error('an entry of the inventory cannot be read', { key });
  }

  /** @returns false for an entry that cannot be read */
  take(key: string, value: unknown): boolean {
    const dot = key.indexOf('.');
    const name = key.slice(dot + 1);
    switch (key.slice(0, dot)) {
      case 'machine':
        return keep(this.machines, name, value, shownMachineDocument);
      case 'target':
        return keep(this.targets, name, value, targetDocument);
      case 'person':
        return keep(this.people, name, value, personEntry.transform(({ spec }): PersonSeen => spec));
      case 'approvers':
        return keep(this.approvers, name, value, groupEntry.transform(({ spec }) => spec.members));
      case 'governance': {
        const read = value === null ? null : governanceDocument.safeParse(value);
        // Settings that cannot be read are those that stood: nothing gets laxer by a misprint of ours.
        if (read === null) this.#settings = usualGovernance;
        else if (read.success) this.#settings = read.data.spec;
        return read?.success ?? true;
      }
      default:
        return true;
    }
  }

  /** A bus that lost its last writes shows none, or an older one: the newer stays. */
  takePlan(target: string, value: unknown): boolean {
    if (value === null) return true;
    const shown = shownPlan.safeParse(value);
    if (!shown.success) return false;
    if (shown.data.revision >= (this.#plans.get(target)?.revision ?? 0)) this.#plans.set(target, shown.data);
    return true;
  }

  plan(target: string): MaskPlan | null {
    return this.#plans.get(target)?.plan ?? null;
  }

  machineFacts(name: string): MachineFacts | null {
    const machine = this.machines.get(name);
    if (machine === undefined) return null;
    const { owner, environment, criticality, kind, groups } = machine.spec;
    return { name, owner, environment, criticality, kind, groups };
  }

  targetFacts(name: string): TargetFacts | null {
    const target = this.targets.get(name);
    if (target === undefined) return null;
    const { kind, environment, tags } = target.spec;
    return { name, kind, environment, tags };
  }
}

function keep<T>(known: Map<string, T>, name: string, value: unknown, schema: z.ZodType<T>): boolean {
  known.delete(name);
  if (value === null) return true;
  const parsed = schema.safeParse(value);
  if (parsed.success) known.set(name, parsed.data);
  return parsed.success;
}
