import type { Control } from '../control.ts';
import { noData } from './no-data.ts';

export const ep14: Control = {
  id: 'EP-14',
  title: 'Retention, holds and disposal',
  question: 'Is evidence kept as long as it must be, and disposed of with authority only?',
  exception: 'A class has no body as old as its retention demands; something under a hold was purged; a purge has no authority.',
  query: 'Retention by class against the oldest body, active holds, purges with who ordered them.',
  reads: [],
  examine: () => noData('retention, legal holds and purges are not recorded in the ledger of this version', ['class', 'retention', 'oldest_body', 'holds', 'purges']),
};
