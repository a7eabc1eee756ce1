import { Walk } from '../walk.ts';
import type { Body } from '../tree.ts';
import type { StatementDraft } from './reading.ts';

/**
 * Walks what a definition is made of: defaults, checks, index expressions, partition bounds. Their calls may run now
 * (an index over existing rows) or later; both count. Nodes that only describe are not unknown here.
 */
export function walkDefinition(body: Body, draft: StatementDraft): void {
  const walk = new Walk(draft.names, draft.found, definitionTypes);
  walk.body(body);
  walk.finish();
}

const definitionTypes: ReadonlySet<string> = new Set([
  'AlterTableCmd', 'CollateClause', 'ColumnDef', 'Constraint', 'DefElem', 'IndexElem', 'PartitionBoundSpec', 'PartitionCmd', 'PartitionElem', 'PartitionRangeDatum',
  'PartitionSpec', 'ReplicaIdentityStmt', 'RoleSpec', 'TableLikeClause',
]);
