import type { Campaign, Caller, ReviewItem, ReviewScope } from '@sallyport/platform-bus';
import { every } from '@sallyport/platform-runtime';
import type { Log } from '@sallyport/platform-telemetry';
import { RightsizeError } from '../rightsize/errors.ts';
import { Decisions, type DecideParts } from './decide.ts';
import { ReviewError } from './errors.ts';
import { Openings, scopeText } from './open.ts';
import { campaignOf, listCampaigns, showCampaign } from './shown.ts';
import { Sweep, type SweepParts } from './sweep.ts';

export type ReviewParts = DecideParts & Pick<SweepParts, 'bus' | 'log'>;

const stewards = ['admin', 'auditor'];

/** Reviews of access: campaigns, what reviewers say, and what time brings about. */
export class Reviews {
  readonly decisions: Decisions;
  readonly #of: ReviewParts;
  readonly #openings: Openings;
  readonly #sweep: Sweep;
  #stops: readonly (() => Promise<void>)[] = [];

  constructor(of: ReviewParts) {
    this.#of = of;
    this.decisions = new Decisions(of);
    this.#openings = new Openings(of);
    this.#sweep = new Sweep({ ...of, openings: this.#openings });
  }

  /** @param everyMs between looks at what is due; what is due within hours is looked at a thirtieth as often */
  start(everyMs: number, log: Log): void {
    this.#stops = [
      every({ ms: everyMs, what: 'reviews that are due', log, first: 'now' }, () => this.#sweep.often()),
      every({ ms: everyMs * 30, what: 'reviews to open, and entitlements that nobody uses', log, first: 'now' }, () => this.#sweep.seldom()),
    ];
  }

  async stop(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
  }

  /** Throws ReviewError, StoreError. */
  async open({ by, title, scope, dueDays, graceDays }: { readonly by: Caller; readonly title: string | null; readonly scope: ReviewScope; readonly dueDays: number; readonly graceDays: number | null }): Promise<Campaign> {
    if (!by.roles.some((role) => stewards.includes(role))) throw new ReviewError('denied', `opening a campaign needs the role ${stewards.join(' or ')}`);
    const id = await this.#openings
      .open({ title: title ?? `Review of ${scopeText(scope)}`, scope, machines: this.#openings.machinesOf(scope), by: by.person, dueDays, graceDays, key: null })
      .catch((error: unknown): never => {
        throw error instanceof RightsizeError ? new ReviewError('unavailable', error.message) : error;
      });
    if (id === null) throw new ReviewError('unavailable', 'the campaign was not opened');
    return campaignOf(this.#of.store.db, id);
  }

  list(asked: Parameters<typeof listCampaigns>[1]): Promise<{ readonly campaigns: Campaign[]; readonly total: number }> {
    return listCampaigns(this.#of.store.db, asked);
  }

  show(asked: Parameters<typeof showCampaign>[2]): Promise<{ readonly campaign: Campaign; readonly items: ReviewItem[]; readonly total: number }> {
    return showCampaign(this.#of.store.db, this.#of.inventory, asked);
  }
}
