import type { ClassificationDocument } from '@sallyport/platform-config';

/** What stands under one name: the newest version of a document, or null after its removal. */
export interface Standing {
  readonly name: string;
  readonly version: number;
  readonly digest: string;
  /** Of a removal, the target that the document spoke of. */
  readonly target: string;
  readonly document: ClassificationDocument | null;
}
