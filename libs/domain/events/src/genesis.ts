/** `prev` of the first event of a chain. */
export const genesis = '0'.repeat(64);
