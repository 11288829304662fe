import type { ConfidenceFit } from '@spillway/confidence/fit';
import type { Policy, TaskName } from '@spillway/policy/policy';

export type MoodName = 'negative' | 'neutral' | 'positive';

/** A labelled message. */
export interface Example {
  readonly text: string;
  readonly mood: MoodName;
}

export interface Intent {
  readonly label: string;
  readonly queue: string;
  readonly description: string;
  readonly examples: readonly Example[];
}

/** The label of messages that are none of the company's business. Every pack has an intent of this name. */
export const OUT_OF_SCOPE = 'out_of_scope';

/** What a macro or a salutation may name beside the fields. */
export const MACRO_NAMES = ['customer_name', 'company'] as const;

/** What a prompt may name. */
export const PROMPT_NAMES = [
  'text',
  'subject',
  'locale',
  'received_at',
  'labels',
  'fields',
  'intent',
  'extracted',
  'mood',
  'macros',
  'draft',
  'voice',
  'company',
  'salutation',
  'wordings',
] as const;

/** What the prompt of a judge may name: `first` and `second` are the replies that it compares. */
export const JUDGE_NAMES = ['text', 'subject', 'locale', 'first', 'second', 'company', 'voice'] as const;

export type FieldKind = 'date' | 'phone' | 'money' | 'email' | 'pattern';

export interface FieldDefinition {
  readonly name: string;
  readonly kind: FieldKind;
  readonly description: string;
  /** For `pattern`: the sources of regular expressions; group 1, where there is one, is the value. */
  readonly patterns: readonly string[];
  /** For `pattern`: how the value is written once found. */
  readonly normalise: 'none' | 'upper' | 'digits';
}

export interface Macro {
  readonly id: string;
  readonly intent: string;
  /** BCP 47, such as `en` or `de`. */
  readonly locale: string;
  readonly title: string;
  /** Approved text with `{{field}}` and `{{field|words to use without it}}`. */
  readonly text: string;
}

/** A step's prompt. `{{name}}` is filled in once: what is filled in is never looked at again. */
export interface PromptTemplate {
  readonly system: string;
  readonly user: string;
}

/** Nano-dollars per million tokens of each class; absent: unknown. */
export interface Price {
  /** ISO date from which it holds. */
  readonly from: string;
  readonly inputPerMillion?: bigint;
  readonly cachedInputPerMillion?: bigint;
  readonly outputPerMillion?: bigint;
  readonly reasoningPerMillion?: bigint;
}

export interface ModelDefinition {
  readonly name: string;
  readonly driver: 'embedded' | 'openai';
  readonly tier: 'small' | 'big';
  /** Name that the endpoint knows the model by. */
  readonly model: string;
  readonly baseUrl?: string;
  /** Name of the environment variable that holds the key. */
  readonly apiKeyVariable?: string;
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  readonly concurrency: number;
  /** Answers that it is asked for where its confidence is how far they agree; left out: one. */
  readonly samples?: number;
  /** By date, oldest first. Embedded models have none: they cost a known zero. */
  readonly prices: readonly Price[];
  /** Where the prices were read, for whoever checks them. */
  readonly priceSource?: string;
}

/** Which models serve a step, by name, and what else is asked to know how sure the small one is. */
export interface StepModels {
  readonly small: string;
  readonly big: string;
  /** Answers that the small model is asked for, in the place of its own number. */
  readonly samples?: number;
  /** Whether the embedded classifier says how likely it finds the label that an endpoint gave. */
  readonly secondOpinion?: boolean;
}

/** What `spillway eval` holds a step against, fixed before it looks at an answer. */
export interface EvalTerms {
  /** What a cheaper way to answer may lose against the big model, as a share of all messages, 0 to 1. */
  readonly margin: number;
  /** Share that the small model must have right, 0 to 1; absent: any. */
  readonly floor?: number;
}

export interface Pack {
  readonly directory: string;
  /** SHA-256 over all files, hexadecimal. */
  readonly hash: string;
  readonly name: string;
  /** Rules of the house style: what the editor and the prompts follow. */
  readonly brand: {
    readonly company: string;
    readonly voice: string;
    /** Locale to greeting and closing, such as { en: { greeting: 'Hi {{customer_name|there}},', closing: '…' } }. */
    readonly salutations: Readonly<Record<string, { readonly greeting: string; readonly closing: string }>>;
    /** Wordings the house does not use, and what it says instead. */
    readonly wordings: readonly { readonly avoid: string; readonly prefer: string }[];
    readonly currency: string;
    readonly country: string;
    readonly timeZone: string;
  };
  readonly intents: readonly Intent[];
  readonly fields: readonly FieldDefinition[];
  readonly macros: readonly Macro[];
  readonly prompts: Readonly<Record<TaskName, PromptTemplate>>;
  /** How two replies are compared; left out where the pack does not say. */
  readonly judge?: PromptTemplate;
  readonly models: readonly ModelDefinition[];
  readonly steps: Readonly<Record<TaskName, StepModels>>;
  /** The models whose prices the projected bill uses. */
  readonly reference: { readonly small: string; readonly big: string };
  readonly policy: Policy;
  readonly evalTerms: Readonly<Record<TaskName, EvalTerms>>;
  /** What was fitted to the answers of a step, where something was. */
  readonly fits: Readonly<Partial<Record<TaskName, ConfidenceFit>>>;
}
