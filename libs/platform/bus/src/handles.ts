import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { z } from 'zod';
import { fail, type Contract, type Reply } from './contracts/reply.ts';

type Served<Req extends z.ZodType, Res extends z.ZodType> = (request: z.output<Req>) => Reply<z.output<Res>> | Promise<Reply<z.output<Res>>>;

const log = new Logger('bus');

/**
 * Makes a method of a Nest controller serve a contract's subject. The method gets the parsed request; what does not fit is answered
 * `invalid` with path and reason, and a thrown error `internal` with the id under which the log has it. No other text of an
 * error leaves the service.
 */
export function Handles<Req extends z.ZodType, Res extends z.ZodType>(contract: Contract<Req, Res>) {
  // Only `value`: a TypedPropertyDescriptor would not take a method that is always async.
  return (target: object, key: string | symbol, descriptor: { value?: Served<Req, Res> }): void => {
    const method = descriptor.value;
    if (method === undefined) throw new TypeError(`@Handles stands on ${String(key)}, which is no method`);
    const served = async function (this: unknown, payload: unknown): Promise<Reply<z.output<Res>>> {
      const request = contract.request.safeParse(payload);
      if (!request.success) return fail('invalid', reason(request.error));
      try {
        return await method.call(this, request.data);
      } catch (error) {
        return broken(contract.subject, error);
      }
    };
    Object.defineProperty(served, 'name', { value: String(key) });
    descriptor.value = served;
    MessagePattern(contract.subject)(target, key, descriptor);
  };
}

function broken(subject: string, error: unknown): Reply<never> {
  const id = randomUUID();
  log.error('a handler threw', { subject, id, error });
  return fail('internal', `see the log under ${id}`);
}

/** The first thing that is wrong, with its path: `leases.0.session: expected string`. Never the value. */
export function reason(error: z.ZodError): string {
  const [first] = error.issues;
  if (first === undefined) return 'does not fit';
  const path = first.path.map(String).join('.').slice(0, 200);
  return `${path === '' ? 'request' : path}: ${first.message.slice(0, 300)}`;
}
