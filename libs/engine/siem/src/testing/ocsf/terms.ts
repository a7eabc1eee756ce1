/** Words for writing down what the schema says of an attribute. */
export type Kind = 'text' | 'whole' | 'yes-no' | 'time' | 'address' | 'anything' | { readonly object: string };

export interface Attribute {
  readonly kind: Kind;
  readonly many: boolean;
  readonly required: boolean;
  /** Allowed numbers with their captions; the attribute's sibling must have the caption. */
  readonly captions: Readonly<Record<number, string>> | null;
  readonly sibling: string | null;
  /** The profile that brings it, or null for the class's own. */
  readonly profile: string | null;
  readonly since: string | null;
}

export interface Thing {
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly oneOf: readonly string[];
}

const plain: Attribute = { kind: 'text', many: false, required: false, captions: null, sibling: null, profile: null, since: null };

export const text = plain;
export const whole: Attribute = { ...plain, kind: 'whole' };
export const yesNo: Attribute = { ...plain, kind: 'yes-no' };
export const time: Attribute = { ...plain, kind: 'time' };
export const address: Attribute = { ...plain, kind: 'address' };
export const anything: Attribute = { ...plain, kind: 'anything' };
export const of = (object: string): Attribute => ({ ...plain, kind: { object } });
export const many = (attribute: Attribute): Attribute => ({ ...attribute, many: true });
export const must = (attribute: Attribute): Attribute => ({ ...attribute, required: true });
export const number = (sibling: string, captions: Readonly<Record<number, string>>): Attribute => ({ ...plain, kind: 'whole', captions, sibling });
export const withProfile = (profile: string, attributes: Readonly<Record<string, Attribute>>) => Object.fromEntries(Object.entries(attributes).map(([name, attribute]) => [name, { ...attribute, profile }]));
export const since = (version: string, attribute: Attribute): Attribute => ({ ...attribute, since: version });
export const thing = (attributes: Readonly<Record<string, Attribute>>, oneOf: readonly string[] = []): Thing => ({ attributes, oneOf });
