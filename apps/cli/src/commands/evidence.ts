import { Command } from 'commander';
import { evidencePack } from './evidence-pack.ts';
import { verifyCommand } from './evidence-verify.ts';

export const evidenceCommand = (): Command => new Command('evidence').description('check what was recorded, and hand it out').addCommand(verifyCommand()).addCommand(evidencePack());
