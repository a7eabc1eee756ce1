import type { Control } from '../control.ts';
import { noData } from './no-data.ts';

export const ep04: Control = {
  id: 'EP-04',
  title: 'Access reviews',
  question: 'Was access reviewed, by whom, with what result, on time?',
  exception: 'A review is overdue; the reviewer is the owner or the requester; a revocation was decided and did not follow.',
  query: 'Review items due in the period with decision, reviewer and date, and the entitlement.revoked event that a revocation calls for.',
  reads: [],
  examine: () => noData('access review campaigns are not part of this version', ['campaign', 'item', 'machine', 'decision', 'reviewer', 'decided_at', 'due_at']),
};
