/** The closed list of RFC 7644 section 3.12, as far as there is use for it here. */
export type ScimType = 'invalidFilter' | 'uniqueness' | 'invalidSyntax' | 'invalidPath' | 'noTarget' | 'invalidValue' | 'mutability';

/** What a directory is told. Written on purpose: no value of anybody's. */
export class ScimError extends Error {
  readonly status: number;
  readonly scimType: ScimType | null;
  /** For 429: seconds to wait. */
  readonly wait: number;

  constructor(status: number, scimType: ScimType | null, say: string, wait = 0) {
    super(say);
    this.name = 'ScimError';
    this.status = status;
    this.scimType = scimType;
    this.wait = wait;
  }

  /** The message of RFC 7644 section 3.12; `status` is a string there. */
  get body(): object {
    return { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(this.status), ...(this.scimType === null ? {} : { scimType: this.scimType }), detail: this.message };
  }
}
