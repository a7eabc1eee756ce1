import { z } from 'zod';
import { detectorNames } from '@sallyport/domain-model';
import { document, name } from './common.ts';

const column = z.string().regex(/^[^.]+\.[^.]+\.[^.]+$/, 'must be schema.table.column');
const table = z.string().regex(/^[^.]+\.[^.]+$/, 'must be schema.table');

/** What is sensitive on one target, and how it is hidden. metadata.name is free; several documents of one target add up. */
export const classificationDocument = document('Classification', z.strictObject({
  target: name,
  columns: z.array(z.strictObject({ column, tag: z.string().regex(/^[a-z]+(\.[a-z0-9]+)+$/, 'must be dotted like pci.pan'), action: z.enum(['redact', 'last4', 'token', 'null']).default('redact') })),
  /** Run over text-like cells that no rule covers. */
  detectors: z.array(z.enum(detectorNames)).default([...detectorNames]),
  /** Tables whose reading without a limit policy may hold. */
  large: z.array(table).default([]),
}));

export type ClassificationDocument = z.infer<typeof classificationDocument>;
