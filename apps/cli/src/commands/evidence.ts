import { Command } from 'commander';
import { evidenceErase } from './evidence-erase.ts';
import { evidenceHolds } from './evidence-holds.ts';
import { evidencePack } from './evidence-pack.ts';
import { evidenceRetention } from './evidence-retention.ts';
import { verifyCommand } from './evidence-verify.ts';

export const evidenceCommand = (): Command => new Command('evidence').description('check what was recorded, hand it out, and keep it').addCommand(verifyCommand()).addCommand(evidencePack()).addCommand(evidenceHolds()).addCommand(evidenceRetention()).addCommand(evidenceErase());
