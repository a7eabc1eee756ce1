/**
 * Why a claim's value looks like a pattern, or null. Bindings compare exactly, so a pattern would never match; it is refused
 * because its author believes that it does. Reads at most the 1000 characters that the schema lets through.
 */
export function patternLike(value: string): string | null {
  if (/[*?]/.test(value)) return 'contains a wildcard character (* or ?)';
  if (value.startsWith('^') || value.endsWith('$')) return 'looks like a regular expression (^ or $)';
  if (/\\[dwsbDWSB.]|\.\+|\[[^\]]{1,40}\]|\(\?|\([^)]{0,80}\|[^)]{0,80}\)|\{\d+(,\d*)?\}/.test(value)) return 'looks like a regular expression';
  if (value.includes('|')) return 'looks like a list of alternatives (|)';
  if (value.includes('${') || value.includes('{{')) return 'looks like a template that nobody filled in';
  return null;
}
