import { Command } from 'commander';
import { machinesImport } from './machines-import.ts';

export const machinesCommand = (): Command => new Command('machines').description('the inventory of machines').addCommand(machinesImport());
