import { Command } from 'commander';
import { peopleImportHr } from './people-import-hr.ts';

export const peopleCommand = (): Command => new Command('people').description('who answers for machines').addCommand(peopleImportHr());
