import { z } from 'zod';
import { buckets, type Bus } from '@sallyport/platform-bus';
import type { Machines, People } from '../model/eligible.ts';

const groupEntry = z.object({ spec: z.object({ members: z.array(z.string()) }) });
const personEntry = z.object({ spec: z.object({ active: z.boolean() }) });
const machineEntry = z.object({ spec: z.object({ state: z.string(), owner: z.string() }) });
const targetEntry = z.object({ spec: z.object({ kind: z.string(), environment: z.string().nullable().catch(null) }) });

/**
 * People, approver groups, machines and kinds of targets, kept up to date from the inventory bucket. What cannot be read counts as not being
 * there: its people may not approve, and a machine gets no leave.
 */
export class Inventory implements People, Machines {
  readonly #groups = new Map<string, readonly string[]>();
  readonly #active = new Map<string, boolean>();
  readonly #machines = new Map<string, { readonly state: string; readonly owner: string }>();
  readonly #targets = new Map<string, { readonly kind: string; readonly environment: string | null }>();

  /** Resolves when the present content has been read; later changes follow. Returns how to stop. */
  async follow(bus: Bus): Promise<() => void> {
    const bucket = await bus.kv(buckets.inventory);
    return bucket.watch('>', (key, value) => this.take(key, value));
  }

  take(key: string, value: unknown): void {
    const dot = key.indexOf('.');
    const name = key.slice(dot + 1);
    switch (key.slice(0, dot)) {
      case 'approvers':
        return put(this.#groups, name, groupEntry.safeParse(value).data?.spec.members);
      case 'person':
        return put(this.#active, name, personEntry.safeParse(value).data?.spec.active);
      case 'machine':
        return put(this.#machines, name, machineEntry.safeParse(value).data?.spec);
      case 'target':
        return put(this.#targets, name, targetEntry.safeParse(value).data?.spec);
    }
  }

  members(group: string): readonly string[] {
    return this.#groups.get(group) ?? [];
  }

  active(person: string): boolean {
    return this.#active.get(person) ?? false;
  }

  machine(name: string): { readonly state: string; readonly owner: string } | null {
    return this.#machines.get(name) ?? null;
  }

  /** Protocol of a target, for evidence; `unknown` when it left the inventory. */
  kind(target: string): string {
    return this.#targets.get(target)?.kind ?? 'unknown';
  }

  environment(target: string): string | null {
    return this.#targets.get(target)?.environment ?? null;
  }
}

function put<T>(map: Map<string, T>, name: string, value: T | undefined): void {
  if (value === undefined) map.delete(name);
  else map.set(name, value);
}
