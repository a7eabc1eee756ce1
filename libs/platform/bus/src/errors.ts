/** The first connection was not made in time. */
export class BusUnavailableError extends Error {
  override readonly name = 'BusUnavailableError';
  readonly code = 'ERR_BUS_UNAVAILABLE';
}

/** A bucket does not exist, or this user may not open it. */
export class BucketUnavailableError extends Error {
  override readonly name = 'BucketUnavailableError';
  readonly code = 'ERR_BUCKET_UNAVAILABLE';
}
