import { Command } from 'commander';
import { machinesAccept, machinesAgree, machinesTransfer } from './machines-handover.ts';
import { machinesImport } from './machines-import.ts';
import { machinesList, machinesShow } from './machines-show.ts';
import { machinesStop } from './machines-stop.ts';
import { machinesUsage } from './machines-usage.ts';

export const machinesCommand = (): Command =>
  new Command('machines').description('the inventory of machines: how they stand, who answers for them')
    .addCommand(machinesList()).addCommand(machinesShow()).addCommand(machinesUsage()).addCommand(machinesStop('suspend')).addCommand(machinesStop('retire'))
    .addCommand(machinesTransfer()).addCommand(machinesAccept()).addCommand(machinesAgree()).addCommand(machinesImport());
