import type { ColumnType } from 'kysely';
import type { ReviewItem } from '@sallyport/platform-bus';

type Moment = ColumnType<Date, Date, Date>;
type MaybeMoment = ColumnType<Date | null, Date | null | undefined, Date | null>;
type Maybe<T> = ColumnType<T | null, T | null | undefined, T | null>;

export interface ReviewTables {
  review_campaign: {
    id: string; title: string; state: 'opening' | 'open' | 'closed'; scope: ColumnType<unknown, string, string>; scope_text: string; schedule_key: Maybe<string>; opened_by: Maybe<string>; opened: Moment; due: Moment; stops: Moment;
    grace_days: number; closed: MaybeMoment;
  };
  review_pending: { campaign: string; machine: string };
  review_item: {
    id: string; campaign: string; state: ReviewItem['state']; machine: string; owner: string; criticality: string; entitlement: string | null; until: Date | null; target: string | null; role: string | null; requester: string | null;
    granted: string[]; unused: string[]; used: ColumnType<ReviewItem['used'], string, string>; used_count: ColumnType<string, number, number>; last_used: Date | null; reviewers: string[]; assigned: Maybe<string>;
    overdue: ColumnType<boolean, boolean | undefined, boolean>; decided: MaybeMoment; decided_by: Maybe<string>; reason: Maybe<string>; policy_name: Maybe<string>; policy_text: Maybe<string>; enforced: Maybe<boolean>; tried: MaybeMoment;
  };
  review_machine: { machine: string; since: Moment; reviewed: MaybeMoment };
}
