import type { EventType } from '@sallyport/domain-events';
import { samples } from './samples.ts';

export const allTypes = Object.keys(samples).filter((type): type is EventType => type in samples);
