import type { AuditRecorded, StepCompleted } from '@spillway/contracts/events';
import { ConfidenceSource, Mood, type Usage } from '@spillway/contracts/model';
import type { ConfidenceSourceName, StepDetail, StepValue, UsageView } from '@spillway/store/ledger';

const sources: Readonly<Record<ConfidenceSource, ConfidenceSourceName>> = {
  [ConfidenceSource.UNSPECIFIED]: 'none',
  [ConfidenceSource.EMBEDDED]: 'embedded',
  [ConfidenceSource.LOGPROBS]: 'logprobs',
  [ConfidenceSource.AGREEMENT]: 'agreement',
  [ConfidenceSource.RULE]: 'rule',
  [ConfidenceSource.NONE]: 'none',
};
const moods = {
  [Mood.UNSPECIFIED]: 'neutral',
  [Mood.NEGATIVE]: 'negative',
  [Mood.NEUTRAL]: 'neutral',
  [Mood.POSITIVE]: 'positive',
} as const;

/** What the ledger keeps of a step as it came. */
export function detailOf({ result, confidence, call }: StepCompleted): StepDetail {
  const failure = result.case === 'failure' ? result.value : undefined;
  return {
    value: stepValueOf(result),
    confidence: confidence?.calibrated ?? null,
    rawConfidence: confidence?.raw ?? null,
    confidenceSource: sources[confidence?.source ?? ConfidenceSource.NONE],
    ...(confidence === undefined || Object.keys(confidence.features).length === 0
      ? {}
      : { features: confidence.features }),
    ...(call === undefined || call.fingerprint === '' ? {} : { fingerprint: call.fingerprint }),
    usage: call?.usage === undefined ? null : usageOf(call.usage),
    latencyMs: call?.latencyMs ?? 0,
    attempts: call?.attempts ?? 0,
    failure: failure === undefined ? null : { code: failure.code, detail: failure.detail },
  };
}

const usageOf = (usage: Usage): UsageView => ({
  inputTokens: Number(usage.inputTokens),
  cachedInputTokens: Number(usage.cachedInputTokens),
  outputTokens: Number(usage.outputTokens),
  reasoningTokens: Number(usage.reasoningTokens),
  estimated: usage.estimated,
});

/** What a step found; null for a failure, and for nothing at all. */
export function stepValueOf(result: StepCompleted['result'] | AuditRecorded['label']): StepValue | null {
  switch (result.case) {
    case 'classification': {
      const { label, queue, alternatives } = result.value;
      return {
        kind: 'classification',
        label,
        queue,
        alternatives: alternatives.map(({ label: other, probability }) => ({ label: other, probability })),
      };
    }
    case 'extraction':
      return {
        kind: 'extraction',
        fields: result.value.fields.map(({ name, value, confidence, evidenceStart, evidenceEnd }) => ({
          name,
          value,
          confidence,
          start: evidenceStart,
          end: evidenceEnd,
        })),
      };
    case 'sentiment':
      return { kind: 'sentiment', mood: moods[result.value.mood] };
    case 'draft': {
      const { text, macroId, missingFields } = result.value;
      return { kind: 'draft', text, macroId: macroId === '' ? null : macroId, missingFields };
    }
    case 'polish':
      return { kind: 'polish', text: result.value.text };
    default:
      return null;
  }
}
