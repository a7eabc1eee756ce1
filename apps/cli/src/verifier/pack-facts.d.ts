import type { Manifest } from '@sallyport/engine-evidence';
/** What a pack says of itself, as names and texts for a person. */
export declare function packFacts({ origin, tenant, scope, period, leaves, counts, checkpoints, controls, generator, made_at: madeAt }: Manifest): [string, string][];
//# sourceMappingURL=pack-facts.d.ts.map