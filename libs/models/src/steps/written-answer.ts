import { Fault } from '@spillway/contracts/fault';
import { Mood } from '@spillway/contracts/model';
import type { Pack } from '@spillway/pack/pack';
import { compileExtractor } from '../embedded/extract/extractor.js';
import type { StepInput } from '../language-model.js';
import type { StepAnswer } from './answer.js';
import { labelCodes } from './label-codes.js';

/** A value as an answer lists it, with the words of the message that hold it. */
export interface WrittenField {
  readonly name: string;
  readonly value: string;
  readonly evidence: string;
}

/** The object that a model answers a step with. */
export type WrittenAnswer =
  | { readonly label: string }
  | { readonly fields: readonly WrittenField[] }
  | { readonly mood: string }
  | { readonly reply: string; readonly macro_id: string | null; readonly missing_fields: readonly string[] }
  | { readonly reply: string };

/**
 * Writes a result as the step's model has to answer it, which is the way back from `readAnswer`.
 *
 * Throws `malformed` for a value that stands nowhere in the message, and for what is no result.
 */
export type AnswerWriter = (result: StepAnswer['result'], input: StepInput) => WrittenAnswer;

const moods: Readonly<Record<Mood, string>> = {
  [Mood.UNSPECIFIED]: '',
  [Mood.NEGATIVE]: 'negative',
  [Mood.NEUTRAL]: 'neutral',
  [Mood.POSITIVE]: 'positive',
};

/** The writer of a pack's answers. */
export function answerWriter(pack: Pack): AnswerWriter {
  const codes = labelCodes(pack.intents.map(({ label }) => label)) ?? new Map<string, string>();
  const codeOf = new Map([...codes].map(([code, label]) => [label, code]));
  const locate = locator(pack);
  return (result, input) => {
    switch (result.case) {
      case 'classification': {
        const { label = '' } = result.value;
        return { label: codeOf.get(label) ?? label };
      }
      case 'sentiment':
        return { mood: moods[result.value.mood ?? Mood.UNSPECIFIED] };
      case 'extraction':
        return { fields: (result.value.fields ?? []).map((field) => locate(field, input)) };
      case 'draft': {
        const { text: reply = '', macroId, missingFields = [] } = result.value;
        return { reply, macro_id: macroId ? macroId : null, missing_fields: missingFields };
      }
      case 'polish':
        return { reply: result.value.text ?? '' };
      default:
        throw new Fault('malformed', 'a step that failed has no answer');
    }
  };
}

interface Placed {
  readonly name?: string;
  readonly value?: string;
  readonly evidenceStart?: number;
  readonly evidenceEnd?: number;
}

/**
 * Finds the words that hold a value: where the result says, else as they stand in the message, else where the embedded
 * extractor reads the same value out of other words.
 */
function locator(pack: Pack): (field: Placed, input: StepInput) => WrittenField {
  const extractor = compileExtractor(pack);
  return ({ name = '', value = '', evidenceStart = 0, evidenceEnd = 0 }, input) => {
    const { text, subject } = input;
    if (evidenceEnd > evidenceStart) return { name, value, evidence: text.slice(evidenceStart, evidenceEnd) };
    const at = [text, subject].find((part) => part.toLowerCase().includes(value.toLowerCase()));
    if (at !== undefined) {
      const start = at.toLowerCase().indexOf(value.toLowerCase());
      return { name, value, evidence: at.slice(start, start + value.length) };
    }
    const read = extractor(input).fields.find((found) => found.name === name && found.value === value);
    if (read !== undefined) return { name, value, evidence: read.evidence };
    throw new Fault('malformed', `a value of ${name} stands nowhere in the message`);
  };
}
