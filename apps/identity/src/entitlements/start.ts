import type { DynamicModule } from '@nestjs/common';
import type { Kysely } from 'kysely';
import { approvalChanged, subjects, type Bus } from '@sallyport/platform-bus';
import { every } from '@sallyport/platform-runtime';
import type { Outbox } from '@sallyport/platform-store';
import { gauge, type Log } from '@sallyport/platform-telemetry';
import type { IdentityDatabase } from '../store/database.ts';
import type { Resolver } from '../store/resolver.ts';
import { AccessDoor } from './access-door.ts';
import { Ender } from './ender.ts';
import { Entrances } from './entrances.ts';
import { forgetUses } from './forget-uses.ts';
import { Glasses } from './glasses.ts';
import type { Granter } from './granter.ts';
import { Lists } from './lists.ts';
import { Requests } from './requests.ts';

export interface EntitlementsParts {
  readonly db: Kysely<IdentityDatabase>;
  readonly outbox: Outbox;
  readonly granter: Granter;
  readonly bus: Bus;
  readonly resolver: Resolver;
  readonly log: Log;
  readonly now: () => number;
}

export interface StartedEntitlements {
  readonly door: AccessDoor;
  readonly providers: NonNullable<DynamicModule['providers']>;
  /** Runs one round of what runs by the clock. */
  sweep(): Promise<void>;
  stop(): Promise<void>;
}

/** What is over is written down, and its sessions end, within this, in milliseconds. No lease outlives its entitlement, whatever this is. */
const endMs = 1_000;
/** An answer of people that was not heard of is found within this. */
const askMs = 5_000;
const forgetMs = 3_600_000;

/** Everything that decides what machines may reach, until when. */
export function startEntitlements({ db, outbox, granter, bus, resolver, log, now }: EntitlementsParts): StartedEntitlements {
  const requests = new Requests({ db, outbox, granter, bus, log, now });
  const ender = new Ender({ db, outbox, granter, bus, now });
  const glasses = new Glasses({ db, outbox, granter, now });
  const lists = new Lists(db, now);
  const entrances = new Entrances({ db, outbox, granter, now, askByConnecting: (place, source) => requests.byConnecting(place, source) });
  let overdue = 0;
  gauge('sallyport_identity_reviews_overdue', 'Accesses in emergencies whose review is overdue', [], () => overdue);
  const stopHearing = bus.subscribe(subjects.approvalChanged, approvalChanged, ({ subject, state }) => {
    if (subject?.kind !== 'access' || state === 'pending') return;
    void requests.settle(subject.id).catch((error: unknown) => log.warn('an answer to a request for access could not be taken yet', { request: subject.id, error }));
  });
  const stops = [
    every({ ms: endMs, what: 'ending entitlements', log }, () => ender.sweep()),
    every({ ms: askMs, what: 'looking at requests for access', log }, async () => {
      await requests.sweep();
      overdue = await glasses.overdue();
    }),
    every({ ms: forgetMs, what: 'forgetting uses of entitlements that ended long ago', log }, () => forgetUses(db, now())),
  ];
  return {
    door: new AccessDoor({ resolver, requests, lists, granter }),
    providers: [
      { provide: Entrances, useValue: entrances },
      { provide: Ender, useValue: ender },
      { provide: Requests, useValue: requests },
      { provide: Glasses, useValue: glasses },
      { provide: Lists, useValue: lists },
    ],
    async sweep() {
      await ender.sweep();
      await requests.sweep();
    },
    async stop() {
      stopHearing();
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}
