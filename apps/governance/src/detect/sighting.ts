export type DetectionKind = 'human_use' | 'shared_binding' | 'replay' | 'new_behaviour';

/** Something that looks wrong, seen once. */
export interface Sighting {
  readonly kind: DetectionKind;
  /** Empty where no machine is meant. */
  readonly machine: string;
  /** With kind and machine: what one open detection is about. */
  readonly what: string;
  /** What is told anew although a detection of this is open: another client, another pair of networks, another effect. */
  readonly item: string;
  readonly session: string | null;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly say: string;
  readonly facts: readonly string[];
  /** For the event, besides what is above. */
  readonly tells: Telling;
}

export type Telling =
  | { readonly kind: 'human_use'; readonly session: string; readonly signs: readonly string[] }
  | { readonly kind: 'shared_binding'; readonly binding: string; readonly runtimes: readonly string[] }
  | { readonly kind: 'replay'; readonly binding: string; readonly source: string; readonly first: string }
  | { readonly kind: 'new_behaviour'; readonly target: string; readonly effect: string; readonly session: string };

/** Text of an event as it may be kept and shown: bounded, without control characters. */
export function plain(text: string, most = 200): string {
  const cut = text.slice(0, most);
  return Array.from(cut, (character) => (character < ' ' || (character >= '\u007f' && character < '\u00a0') ? '\ufffd' : character)).join('');
}
