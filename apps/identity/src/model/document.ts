import { canonical, digestOf, kindNames, kinds, type AnyDocument, type DocumentOf, type Kind } from '@sallyport/platform-config';

export { canonical, digestOf };

type OwnedKind = { [K in Kind]: (typeof kinds)[K]['owner'] extends 'identity' ? K : never }[Kind];
/** A document of a kind that this service owns. */
export type OwnedDocument = { [K in OwnedKind]: DocumentOf<K> }[OwnedKind];

/** What stands under one name: the document, or null after its removal. */
export interface Standing {
  readonly kind: string;
  readonly name: string;
  readonly version: number;
  readonly digest: string;
  readonly document: OwnedDocument | null;
}

export const ownedKinds: readonly Kind[] = kindNames.filter((kind) => kinds[kind].owner === 'identity');

export function isOwned(document: AnyDocument): document is OwnedDocument {
  return kinds[document.kind].owner === 'identity';
}

/** The key under which other services find it in the inventory bucket; null for issuers, which concern nobody else. */
export function bucketKey(kind: string, name: string): string | null {
  switch (kind) {
    case 'Machine':
      return `machine.${name}`;
    case 'Target':
      return `target.${name}`;
    case 'Person':
      return `person.${name}`;
    case 'Group':
      return `group.${name}`;
    case 'ApproverGroup':
      return `approvers.${name}`;
    case 'Governance':
      return `governance.${name}`;
    default:
      return null;
  }
}
