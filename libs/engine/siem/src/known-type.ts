import type { EventData, EventType } from '@sallyport/domain-events';
import type { Described } from './described.ts';
import type { JsonObject } from './json.ts';
import type { Seen } from './schema/envelope.ts';
import type { Schema } from './schema/schema.ts';

/** An event type that this library has words for. */
export interface KnownType {
  /** JSON Schema of its data. */
  readonly data: JsonObject;
  /** Null when the data are not of the declared form: the caller then takes the generic way, which loses nothing. */
  readonly describe: (event: Seen) => Described | null;
}

/** The types of one family. A family need not know them all; what no family knows goes the generic way. */
export type Family = { readonly [T in EventType]?: KnownType };

export function known<T extends EventType>(schema: Schema<EventData[T]>, describe: (event: Seen, d: EventData[T]) => Described): KnownType {
  return {
    data: schema.json,
    describe: (event) => {
      const { d } = event;
      return schema.is(d) ? describe(event, d) : null;
    },
  };
}
