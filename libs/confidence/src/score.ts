/** Numbers about one answer that say something of whether it is right, by name. */
export type Features = Readonly<Record<string, number>>;

/** How sure a model is of one answer, before anything was fitted to outcomes. */
export interface Score {
  /** 0 to 1; undefined where what came cannot be trusted, and then `features` says why. */
  readonly raw?: number;
  readonly features: Features;
}

/** The lowest log-probability that features are worked out from: servers write minus infinity as -9999, or leave it out. */
const FLOOR = -30;

/** A log-probability that one impossible token cannot make everything else invisible with. */
export const floored = (logprob: number): number => Math.max(FLOOR, logprob);

/** Features as they are published and kept, so that what was fitted to the kept ones sees the same when it is applied. */
export const publishable = (features: Features): Features =>
  Object.fromEntries(
    Object.entries(features)
      .filter(([, value]) => Number.isFinite(value))
      .map(([name, value]) => [name, Number(value.toPrecision(6))]),
  );
