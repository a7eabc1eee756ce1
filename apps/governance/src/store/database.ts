import type { ChangeTables } from '../changes/tables.ts';
import type { DetectTables } from '../detect/tables.ts';
import type { SignalsDatabase } from '../signals/database.ts';
import type { ReviewTables } from '../reviews/tables.ts';
import type { UsageTables } from '../usage/tables.ts';
import type { FollowTables } from './follow-tables.ts';

/** The schema `governance`, as migrations/ leaves it. Each part of the service declares its own tables in its own folder and is joined here. */
export interface GovernanceDatabase extends FollowTables, UsageTables, ReviewTables, ChangeTables, SignalsDatabase, DetectTables {}
