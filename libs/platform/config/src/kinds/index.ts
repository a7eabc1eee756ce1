import type { z } from 'zod';
import { accessPathDocument, entitlementDocument } from './entitlements.ts';
import { approverGroupDocument, groupDocument, issuerDocument, machineDocument, personDocument, targetDocument } from './identity.ts';
import { governanceDocument } from './governance.ts';
import { classificationDocument } from './masking.ts';
import { sinkDocument } from './sinks.ts';

/** Every kind of document: its schema, and the service that owns it. */
export const kinds = {
  Issuer: { schema: issuerDocument, owner: 'identity' },
  Person: { schema: personDocument, owner: 'identity' },
  Group: { schema: groupDocument, owner: 'identity' },
  ApproverGroup: { schema: approverGroupDocument, owner: 'identity' },
  Machine: { schema: machineDocument, owner: 'identity' },
  Target: { schema: targetDocument, owner: 'identity' },
  Entitlement: { schema: entitlementDocument, owner: 'identity' },
  AccessPath: { schema: accessPathDocument, owner: 'identity' },
  Governance: { schema: governanceDocument, owner: 'identity' },
  Classification: { schema: classificationDocument, owner: 'masking' },
  Sink: { schema: sinkDocument, owner: 'sinks' },
} as const;

export type Kind = keyof typeof kinds;
export type DocumentOf<K extends Kind> = z.infer<(typeof kinds)[K]['schema']>;
/** One parsed document of any kind, with its defaults filled in. */
export type AnyDocument = { [K in Kind]: DocumentOf<K> }[Kind];
export type Owner = (typeof kinds)[Kind]['owner'];

/** Kinds of the design that this version does not know yet. They are refused by name, so that nobody believes them applied. */
export const laterKinds: readonly string[] = [];

export const kindNames: readonly Kind[] = ['Issuer', 'Person', 'Group', 'ApproverGroup', 'Machine', 'Target', 'Entitlement', 'AccessPath', 'Governance', 'Classification', 'Sink'];

export function isKind(text: string): text is Kind {
  return Object.hasOwn(kinds, text);
}

export const ownerOf = (kind: Kind): Owner => kinds[kind].owner;
