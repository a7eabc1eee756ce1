/** Why an act of a review is refused: a code of the contracts, and a sentence for whoever asked. */
export class ReviewError extends Error {
  override readonly name = 'ReviewError';
  readonly code: 'denied' | 'not-found' | 'empty' | 'self-review' | 'assigned' | 'decided' | 'closed' | 'unused' | 'waiting' | 'not-a-reviewer' | 'unavailable' | 'invalid';

  constructor(code: ReviewError['code'], say: string) {
    super(say);
    this.code = code;
  }
}
