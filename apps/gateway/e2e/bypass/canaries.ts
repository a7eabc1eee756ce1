/** Values of the tagged columns in the seed. Nothing else in the product or in the test contains them. */
export const canaries: readonly string[] = [
  'Zephyrine', 'Quackenbush', 'Xanthippe', 'Wrzesniewski', 'Thaddeus', 'Vlkodlak', 'Ermengarde', 'Plotnikov',
  'Zephyrine Quackenbush', 'zq.canary@leak.example', '829-47-6153', '4929 7181 3462 5907',
  'Xanthippe Wrzesniewski', 'xw.canary@drip.example', '743-58-2916', '5312 9047 6681 2358',
  'Thaddeus Vlkodlak', 'tv.canary@ooze.example', '671-39-8524', '6011 4286 9573 1040',
  'Ermengarde Plotnikov', 'ep.canary@seep.example', '917-26-4385', '3714 496353 98431',
];

/** What a refused read of other tables and of the server would show. */
export const secrets: readonly string[] = [
  'hr-canary-settings-81624', 'hr-canary-salary-55172', 'hr-canary-salary-90361', 'hr-canary-statement-30718', Buffer.from('hr-canary-object-47190').toString('hex'), 'SCRAM-SHA-256$', 'root:x:0:0', 'PG_VERSION',
];

/** A value in the forms in which it might get past somebody who looks for the value. Lower case. */
function forms(value: string): string[] {
  const bytes = Buffer.from(value);
  const reversed = [...value].reverse().join('');
  const packed = value.replace(/[^\p{L}\p{N}]/gu, '');
  // Base64 of a value inside of a longer text depends on where it begins: the middle of each of the three is the same wherever it stands.
  const base64 = [0, 1, 2].map((shift) => Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64').slice(4, -4));
  const translated = packed.replace(/\d/g, (digit) => String.fromCharCode(97 + Number(digit)));
  const digits = /^\d+$/.test(packed) ? [translated] : [];
  return [value, reversed, packed, [...packed].reverse().join(''), bytes.toString('hex'), Buffer.from(packed).toString('hex'), ...base64, ...digits].map((form) => form.toLowerCase());
}

const needles = canaries.map((value) => ({ value, forms: forms(value) }));
/** Separators that somebody could put between characters; hex digits are none of them. */
const separators = /[\s\-_.,:;|/\\'"(){}[\]]+/g;

/** The tagged values that show in these bytes, as they are, encoded, reversed, or with anything between their characters. */
export function shown(bytes: Buffer): string[] {
  const text = bytes.toString('latin1').toLowerCase();
  const squeezed = text.replace(separators, '');
  return needles.filter(({ forms: all }) => all.some((form) => text.includes(form)) || squeezed.includes(all[2] ?? '\0')).map(({ value }) => value);
}

export function secretsIn(bytes: Buffer): string[] {
  const text = bytes.toString('latin1');
  return [...shown(bytes), ...secrets.filter((secret) => text.includes(secret))];
}
