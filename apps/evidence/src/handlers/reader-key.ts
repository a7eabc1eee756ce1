import type { KeyObject } from 'node:crypto';

/** The private key that session keys are sealed to. A class, so that Nest can hand it on. */
export class ReaderKey {
  readonly key: KeyObject;

  constructor(key: KeyObject) {
    this.key = key;
  }
}
