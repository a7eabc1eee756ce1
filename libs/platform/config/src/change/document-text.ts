import { stringify } from 'yaml';

/** A document as people read it: YAML, as it could be applied. The same content gives the same text: members stand in the order that the schema has them in. */
export const documentText = (document: unknown): string => stringify(document, { lineWidth: 0 });
