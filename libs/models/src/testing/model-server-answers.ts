import type { Prompt } from '../language-model.js';

interface Asked {
  readonly step: Prompt['step'];
  readonly body: {
    readonly messages: readonly { readonly content: string }[];
    readonly [other: string]: unknown;
  };
}

const negative =
  /\b(angry|terrible|awful|unacceptable|worst|disappointed|broken|complain\w*|furious|useless)\b/i;
const positive = /\b(thanks|thank you|great|love|perfect|wonderful|excellent)\b/i;

/** What a fair model would answer to a step, found by rules: enough to walk a message through the pipeline. */
export function answerTo({ step, body }: Asked): string {
  const user = body.messages.at(-1)?.content ?? '';
  const text = lastFenced(user) ?? user;
  switch (step) {
    case 'classify':
      return JSON.stringify({ label: spelled(bestLabel(text, labelsIn(body)), body) });
    case 'sentiment':
      return JSON.stringify({
        mood: negative.test(text) ? 'negative' : positive.test(text) ? 'positive' : 'neutral',
      });
    case 'extract':
      return JSON.stringify({ fields: [] });
    case 'draft':
      return JSON.stringify({
        reply: 'We have your message and are looking into it.',
        macro_id: null,
        missing_fields: [],
      });
    case 'polish':
      return JSON.stringify({ reply: `${text.trim()}\n\nKind regards` });
    case 'judge':
      return JSON.stringify({ better: longerReply(user) });
  }
}

/** A judge that likes it long. */
function longerReply(prompt: string): 'first' | 'second' | 'neither' {
  const [second = '', first = ''] = fencedTexts(prompt).reverse();
  if (first.length === second.length) return 'neither';
  return first.length > second.length ? 'first' : 'second';
}

/** The text between the last pair of fences, which is the draft where there is one and the message where there is none. */
const lastFenced = (prompt: string): string | undefined => fencedTexts(prompt).at(-1);

const fencedTexts = (prompt: string): string[] =>
  [...prompt.matchAll(/^(`{3,})\n([\s\S]*?)\n\1$/gm)].map(([, , text = '']) => text);

/** What stands behind each code in a prompt that lists codes. */
const codesIn = ({ messages }: Asked['body']): ReadonlyMap<string, string> =>
  new Map(
    [...(messages[0]?.content ?? '').matchAll(/^- ([A-Z]{1,2}) = ([a-z0-9_]+):/gm)].map(
      ([, code = '', label = '']) => [label, code],
    ),
  );

const spelled = (label: string, body: Asked['body']): string => codesIn(body).get(label) ?? label;

function labelsIn(body: Asked['body']): readonly string[] {
  const codes = codesIn(body);
  if (codes.size > 0) return [...codes.keys()];
  const inWhole = JSON.stringify(body['response_format'] ?? body.messages).replaceAll('\\"', '"');
  const list = /"label":\{[^}]*?"enum":(\[[^\]]*\])/.exec(inWhole)?.[1];
  return list === undefined ? [] : (JSON.parse(list) as string[]);
}

/** The label with the most words in the text; `out_of_scope`, or the first, when none has any. */
function bestLabel(text: string, labels: readonly string[]): string {
  const words = new Set(text.toLowerCase().match(/\p{L}+/gu) ?? []);
  const score = (label: string): number => label.split(/[_-]/).filter((word) => words.has(word)).length;
  const best = labels.toSorted((a, b) => score(b) - score(a))[0];
  if (best !== undefined && score(best) > 0) return best;
  return labels.find((label) => label === 'out_of_scope') ?? labels[0] ?? 'unknown';
}
