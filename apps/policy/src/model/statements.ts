import type { MaskPlan, Understanding } from '@sallyport/domain-model';

/** Reads the text of commands in a target's dialect: one entry for each statement. The plan tells which classified columns the target has. Throws UnreadableTextError. */
export type ReadStatements = (text: string, searchPath: readonly string[] | null, plan: MaskPlan | null) => readonly Understanding[];

/** The text cannot be read; the message is for whoever asked to have it explained. */
export class UnreadableTextError extends Error {
  readonly code = 'ERR_UNREADABLE_TEXT';
}
