import { hash } from 'node:crypto';
import type { Pack } from '@spillway/pack/pack';
import type { StepName } from '../language-model.js';
import { sourceOf } from './train.js';

/** Rises with every change that moves an answer or its confidence: a certificate of an older one no longer holds. */
const VERSION = 1;

/** What the answers to a step follow from, beside the message. The policy and the prices are not among it. */
function groundsOf(step: StepName, pack: Pack): unknown {
  const { brand, fields, macros } = pack;
  switch (step) {
    case 'classify':
    case 'sentiment':
      return sourceOf(pack);
    case 'extract':
      return [fields, brand.currency, brand.country, brand.timeZone];
    case 'draft':
      return [sourceOf(pack), fields, macros, brand];
    case 'polish':
      return [macros, brand];
  }
}

/** For each step: the model, its version, and a hash of what it was trained on or works by. */
export function embeddedFingerprints(tier: 'small' | 'big', pack: Pack): (step: StepName) => string {
  const known = new Map<StepName, string>();
  return (step) => {
    let fingerprint = known.get(step);
    if (fingerprint === undefined) {
      const grounds = hash('sha256', JSON.stringify(groundsOf(step, pack))).slice(0, 8);
      fingerprint = `embedded-${tier}|v${VERSION}|trained:${grounds}`;
      known.set(step, fingerprint);
    }
    return fingerprint;
  };
}
