import { packageVersion } from '@sallyport/platform-runtime';

export const version = packageVersion(import.meta.url);
