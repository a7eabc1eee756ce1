/** Where people look at an approval: what a held client, a webhook and a list point to. */
export class PublicUrl {
  readonly #base: string;

  constructor(base: string) {
    this.#base = base.replace(/\/+$/, '');
  }

  of(approval: string): string {
    return `${this.#base}/v1/approvals/${approval}`;
  }
}
