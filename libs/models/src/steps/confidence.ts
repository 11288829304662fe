import type { MessageInitShape } from '@bufbuild/protobuf';
import { type ConfidenceSchema, ConfidenceSource } from '@spillway/contracts/model';
import type { OwnConfidence } from '../language-model.js';

export type ConfidenceInit = MessageInitShape<typeof ConfidenceSchema>;

/** What an embedded model says of itself. */
export const ownConfidence = ({ raw, calibrated }: OwnConfidence): ConfidenceInit => ({
  raw,
  calibrated,
  source: ConfidenceSource.EMBEDDED,
  isCalibrated: true,
});

/** From token probabilities that nothing was fitted to yet; no signal when there is no number. */
export const logprobConfidence = (raw: number | undefined): ConfidenceInit =>
  raw === undefined
    ? { source: ConfidenceSource.NONE, isCalibrated: false }
    : { raw, calibrated: raw, source: ConfidenceSource.LOGPROBS, isCalibrated: false };
