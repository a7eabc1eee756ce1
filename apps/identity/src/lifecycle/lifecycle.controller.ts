import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import {
  fail, Handles, identityMachine, identityMachineAccept, identityMachineAgree, identityMachineRetire, identityMachines, identityMachineSuspend, identityMachineTransfer, identityPeople, identityPerson, identitySignal, type Reply,
} from '@sallyport/platform-bus';
import { ByHand } from './by-hand.ts';
import { Handover } from './handover.ts';
import { Lists } from './lists.ts';
import { Signals } from './signals.ts';

type Request<C extends { request: z.ZodType }> = z.output<C['request']>;
type Answer<C extends { value: z.ZodType }> = Promise<Reply<z.output<C['value']>>>;

/** How machines and people stand, and what people and directories say about it. */
@Controller()
export class LifecycleController {
  constructor(
    private readonly signals: Signals,
    private readonly byHand: ByHand,
    private readonly handover: Handover,
    private readonly lists: Lists,
  ) {}

  @Handles(identitySignal)
  signal(request: Request<typeof identitySignal>): Answer<typeof identitySignal> {
    return this.signals.take(request);
  }

  @Handles(identityPerson)
  person({ by, person, kind, reason }: Request<typeof identityPerson>): Answer<typeof identityPerson> {
    return this.signals.tell(by, person, kind, reason);
  }

  @Handles(identityMachines)
  machines(request: Request<typeof identityMachines>): Answer<typeof identityMachines> {
    return this.lists.machines(request);
  }

  @Handles(identityMachine)
  machine({ machine }: Request<typeof identityMachine>): Answer<typeof identityMachine> {
    return this.lists.machine(machine);
  }

  @Handles(identityPeople)
  people(request: Request<typeof identityPeople>): Answer<typeof identityPeople> {
    return this.lists.people(request);
  }

  @Handles(identityMachineSuspend)
  suspend({ by, machine, reason, review }: Request<typeof identityMachineSuspend>): Answer<typeof identityMachineSuspend> {
    if (by === null && review === null) return Promise.resolve(fail('invalid', 'by: nobody suspends a machine without being named, but a review'));
    return this.byHand.suspend(by, machine, reason);
  }

  @Handles(identityMachineRetire)
  retire({ by, machine, reason }: Request<typeof identityMachineRetire>): Answer<typeof identityMachineRetire> {
    return this.byHand.retire(by, machine, reason);
  }

  @Handles(identityMachineTransfer)
  transfer({ by, machine, to, backup, reason }: Request<typeof identityMachineTransfer>): Answer<typeof identityMachineTransfer> {
    return this.handover.ask(by, machine, { to, backup, reason });
  }

  @Handles(identityMachineAccept)
  accept({ by, machine, backup }: Request<typeof identityMachineAccept>): Answer<typeof identityMachineAccept> {
    return this.handover.accept(by, machine, backup);
  }

  @Handles(identityMachineAgree)
  agree({ by, machine }: Request<typeof identityMachineAgree>): Answer<typeof identityMachineAgree> {
    return this.handover.agree(by, machine);
  }
}
