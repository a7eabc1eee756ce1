import { z } from 'zod';

const said = z.record(z.string().max(40), z.string().max(300));

/** What a gateway says of itself every few seconds: what it waits for before it can serve, and what an operator should know; as its `/readyz` has them. */
export const gatewayHealth = z.strictObject({ waiting: said, notes: said });
export type GatewayHealth = z.infer<typeof gatewayHealth>;

/** Milliseconds between two. */
export const gatewayHealthEvery = 5_000;
