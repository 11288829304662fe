import type { MessageInitShape } from '@bufbuild/protobuf';
import { publishable, type Score } from '@spillway/confidence/score';
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

/** From a score that nothing was fitted to yet; no signal when it has no number, and then its features say why. */
export function scoredConfidence(
  { raw, features }: Score,
  source: ConfidenceSource.LOGPROBS | ConfidenceSource.AGREEMENT,
): ConfidenceInit {
  const shown = publishable(features);
  return {
    ...(raw === undefined ? { source: ConfidenceSource.NONE } : { raw, calibrated: raw, source }),
    isCalibrated: false,
    ...(Object.keys(shown).length === 0 ? {} : { features: shown }),
  };
}
