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

/** A durable consumer cannot be read: it does not exist, this user may not, or the bus is closed. */
export class PullFailedError extends Error {
  override readonly name = 'PullFailedError';
  readonly code = 'ERR_PULL_FAILED';
}
