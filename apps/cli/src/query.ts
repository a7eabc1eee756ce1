/** `?a=1&b=2` of what is given; empty when nothing is. */
export function query(parts: Readonly<Record<string, unknown>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parts)) if (value !== undefined && value !== null) search.set(name, String(value));
  return search.size === 0 ? '' : `?${search.toString()}`;
}
