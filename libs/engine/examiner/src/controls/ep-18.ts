import type { Control } from '../control.ts';
import { noData } from './no-data.ts';

export const ep18: Control = {
  id: 'EP-18',
  title: 'Third-party machines',
  question: 'Which machines belong to third parties, who sponsors them, and when does the contract end?',
  exception: 'A third party\'s machine acted after the end of its contract, or has no sponsor.',
  query: 'As EP-01, EP-03 and EP-11 for the machines of vendors, with sponsor and end of contract.',
  reads: [],
  examine: () => noData('vendor, sponsor and end of contract of a machine are not recorded as evidence yet', ['machine', 'vendor', 'sponsor', 'contract_end', 'sessions']),
};
