import type { EventData } from '@sallyport/domain-events';
import { beforeEach, describe, expect, it } from 'vitest';
import { Interruptions } from './interruptions.ts';

let ms: number;
let log: { refusing: string | null };
let told: EventData['evidence.interrupted'][];
let takes: boolean;
let interruptions: Interruptions;
beforeEach(() => {
  ms = Date.UTC(2026, 10, 23, 10);
  log = { refusing: null };
  told = [];
  takes = true;
  const record = (_: 'evidence.interrupted', data: EventData['evidence.interrupted']) => {
    if (takes) told.push(data);
    return takes;
  };
  interruptions = new Interruptions({ log: log as never, clock: { now: () => ms, monoUs: () => ms * 1000 }, record });
});

const wait = (seconds: number) => {
  for (let n = 0; n < seconds * 2; n++) {
    ms += 500;
    interruptions.look();
  }
};

describe('a time without durable evidence', () => {
  it('is told when it is over, once, with what was refused', () => {
    log.refusing = 'the evidence journal cannot be written: ENOSPC';
    wait(60);
    interruptions.refused();
    interruptions.refused();
    expect(told).toEqual([]);
    log.refusing = null;
    wait(20);
    expect(told).toEqual([{ since: '2026-11-23T10:00:00.500000Z', until: '2026-11-23T10:01:00.000000Z', why: 'the evidence journal cannot be written: ENOSPC', refused: 2 }]);
  });

  it('is told though the log refused nothing by itself: commands were, because no acknowledgement came', () => {
    for (let n = 0; n < 10; n++) {
      interruptions.refused();
      wait(2);
    }
    wait(10);
    expect(told).toMatchObject([{ why: 'what was written did not become durable in time', refused: 10 }]);
  });

  it('takes the reason that the log names later', () => {
    interruptions.refused();
    log.refusing = 'the evidence journal is full';
    wait(1);
    log.refusing = null;
    wait(10);
    expect(told).toMatchObject([{ why: 'the evidence journal is full', refused: 1 }]);
  });

  it('is kept until it can be told', () => {
    interruptions.refused();
    takes = false;
    wait(30);
    takes = true;
    wait(1);
    expect(told).toHaveLength(1);
  });

  it('that never was is not told', () => {
    wait(60);
    expect(told).toEqual([]);
  });
});
