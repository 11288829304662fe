import type { Fault } from '@spillway/contracts/fault';
import { describe, expect, it } from 'vitest';
import { packOf } from './load.js';
import { contentsOf, exampleFiles } from './testing/example.js';

/** Stands where a problem is expected; it is taken out before the file is read. */
const MARK = '§';

/** File, words to replace, words to put in their place. */
type Edit = readonly [file: string, from: string, to: string];

function problemsAfter(edits: readonly Edit[]) {
  const files = new Map(exampleFiles);
  for (const [file, from, to] of edits) {
    const text = files.get(file) ?? '';
    expect(text, `${file} holds ${from}`).toContain(from);
    files.set(
      file,
      text.replace(from, () => to),
    );
  }
  const places: string[] = [];
  for (const [file, text] of files) {
    for (const [number, line] of text.split('\n').entries()) {
      if (line.includes(MARK)) places.push(`${file}:${number + 1}`);
    }
    files.set(file, text.replaceAll(MARK, ''));
  }
  const problems: string[] = [];
  try {
    packOf('x', contentsOf(files));
  } catch (error) {
    problems.push(...(error as Fault).problems.map(({ where, message }) => `${where} ${message}`));
  }
  return { places, problems };
}

const POLISH_CERTIFIED = `  polish:
    threshold: 0.7
    hold_below: 0.5
    §certificate: { target: 0.1, delta: 0.1, label_source: truth, rows: 9, accepted: 9, errors: 0,
      data: sha256:0123456789abcdef, fingerprint: f, certified_on: 2026-11-24 }`;
const label = '- label: order_status';
const embedded = '{ name: embedded-small, driver: embedded, tier: small, model: linear';

const cases: Readonly<Record<string, readonly (readonly [edit: Edit | readonly Edit[], message: string])[]>> =
  {
    YAML: [
      [['pack.yaml', 'currency: EUR', '§"currency: EUR'], 'Implicit keys need to be on a single line'],
      [
        ['pack.yaml', 'currency: EUR', 'currency: EUR\n§currency: GBP'],
        '"currency" stands here a second time',
      ],
      [['pack.yaml', 'currency: EUR', 'currency: §*euro'], '*euro has no anchor: write &euro before it'],
      [['pack.yaml', 'currency: EUR', 'currency: §!euro EUR'], 'Unresolved tag'],
      [['pack.yaml', 'currency: EUR', 'currency: EUR\n§---\nname: two'], 'no valid YAML'],
      [
        ['pack.yaml', '- { avoid: kindly', '- &a [1, §*a]\n  - { avoid: kindly'],
        '*a repeats something that repeats',
      ],
    ],
    shapes: [
      [['intents.yaml', label, '- §lable: order_status'], '"lable" is not known here; did you mean "label"?'],
      [['intents.yaml', label, '- §lable: order_status'], '"label" is missing: give a text'],
      [
        ['intents.yaml', label, `${label}\n    §colour: red`],
        '"colour" is not known here; known are label, queue',
      ],
      [['intents.yaml', 'label: order_status', '§label: 12'], '"label" must be a text: put it in quotes'],
      [['intents.yaml', 'label: order_status', '§label:'], '"label" is empty: give a text'],
      [
        ['intents.yaml', 'label: order_status', '§label: Order Status'],
        '"label" must be a name of a-z, 0-9 and _',
      ],
      [
        ['intents.yaml', 'description: Where a parcel is.', '§description: [a]'],
        'must be a text, not a list',
      ],
      [['intents.yaml', 'queue: logistics', '§queue: "  "'], '"queue" must be made of letters'],
      [['intents.yaml', '      - asdf\n', ''], '"examples" must be at least 5 entries long'],
      [
        ['intents.yaml', '- asdf', '- §12'],
        'this entry must be a text (in quotes when it looks like a number)',
      ],
      [
        ['intents.yaml', 'mood: negative', '§mood: negativ'],
        'must be one of negative, neutral, positive; did you mean',
      ],
      [['intents.yaml', 'intents:', 'intents: §7\nothers:'], '"intents" must be a list, not a number'],
      [
        ['policy.yaml', 'classify: { threshold: 0.7', 'classify: { §threshold: 1.2'],
        '"threshold" must be at most 1',
      ],
      [
        ['policy.yaml', 'classify: { threshold: 0.7', 'classify: { §threshold: "x"'],
        'must be a number, not a text',
      ],
      [['policy.yaml', '  polish:', '  §polsih:'], '"polsih" is not known here; did you mean "polish"?'],
      [
        ['policy.yaml', 'reviewed_on: 2026-11-24', '§reviewed_on: 2026-02-30'],
        '"reviewed_on" must be a day that exists',
      ],
      [
        ['policy.yaml', 'dollars: "50"', '§dollars: "50.0000000001"'],
        '"dollars" must be dollars as a decimal text of at most 9 decimals',
      ],
      [['policy.yaml', 'dollars: "50"', '§dollars: "0"'], '"dollars" must be over 0 and at most 9000000'],
      [['policy.yaml', 'dollars: "50"', '§dollars: "9000001"'], 'must be over 0 and at most 9000000'],
      [['policy.yaml', 'rule: keep_small', '§rule: keep_smal'], 'did you mean "keep_small"?'],
      [['policy.yaml', 'rule: keep_small, ', '§'], '"rule" is missing: give one of hold, keep_small, queue'],
      [['policy.yaml', 'floor: 0.6', '§flor: 0.6'], '"flor" is not known here; did you mean "floor"?'],
      [['policy.yaml', 'share: 0.5', '§share: 1'], '"share" must be'],
      [['policy.yaml', 'margin_points: 1.5', '§margin_points: -1'], '"margin_points" must be at least 0'],
      [['policy.yaml', 'floor: 0.8', '§floor: 80'], '"floor" must be at most 1'],
      [['policy.yaml', 'steps: { classify: {', 'steps: { §clasify: {'], 'did you mean "classify"?'],
      [['policy.yaml', 'small_ms: 60000', '§small_ms: 0.5'], '"small_ms" must be a whole number'],
      [
        ['policy.yaml', 'version: 2026-11-24.1', '§version: 1.1'],
        '"version" must be a text: put it in quotes',
      ],
      [['prompts/draft.yaml', 'system: Answer with {{macros}}.', '§systme: {{macros}}'], 'no valid YAML'],
    ],
    brand: [
      [['pack.yaml', 'currency: EUR', '§currency: EURO'], '"currency" must be an ISO 4217 code'],
      [['pack.yaml', 'country: IE', '§country: UK'], '"country" must be an ISO 3166 code'],
      [['pack.yaml', 'country: IE', '§country: EU'], '"country" must be an ISO 3166 code'],
      [
        ['pack.yaml', 'time_zone: Europe/Dublin', '§time_zone: Europe/Dubln'],
        '"time_zone" must be a time zone',
      ],
      [['pack.yaml', '  en: {', '  §english: {'], '"english" must be a language tag'],
      [['pack.yaml', '{{customer_name|there}}', '§{{custmer_name|there}}'], 'did you mean "customer_name"?'],
      [['pack.yaml', '{{customer_name|there}}', '§{{customer name}}'], 'double braces are for {{name}}'],
    ],
    intents: [
      [
        ['intents.yaml', '- label: out_of_scope', '- §label: order_status'],
        '"order_status" stands in line 2 already: rename',
      ],
      [
        [
          ['intents.yaml', '- label: out_of_scope', '- label: other'],
          ['intents.yaml', 'intents:', '§intents:'],
        ],
        'no intent is labelled out_of_scope: add one',
      ],
      [
        ['intents.yaml', '- asdf', '- §Where is my PARCEL?!'],
        'the same example stands under "order_status" in line 6: keep one',
      ],
    ],
    fields: [
      [['fields.yaml', '- name: date', '- §name: order_number'], '"order_number" stands in line 2 already'],
      [['fields.yaml', '- name: date', '- §name: company'], '"company" has a meaning of its own'],
      [['fields.yaml', "['\\b(FF-[0-9]{6})\\b']", "[§'a(?=b)']"], 'the pattern is no RE2 expression'],
      [['fields.yaml', "['\\b(FF-[0-9]{6})\\b']", "[§'(a)(b)']"], 'the pattern has 2 groups'],
      [['fields.yaml', "['\\b(FF-[0-9]{6})\\b']", "[§'[0-9]*']"], 'the pattern matches the empty text'],
      [
        ['fields.yaml', "    patterns: ['\\b(FF-[0-9]{6})\\b']\n", ''],
        'a field of kind "pattern" needs "patterns"',
      ],
      [
        ['fields.yaml', 'kind: date', 'kind: date\n    §normalise: upper'],
        '"normalise" is used only with kind "pattern"',
      ],
      [
        ['fields.yaml', 'kind: date', 'kind: date\n    §patterns: [a]'],
        '"patterns" is used only with kind "pattern"',
      ],
    ],
    macros: [
      [
        ['macros.yaml', 'intent: order_status', '§intent: order_state'],
        'no intent is labelled "order_state"',
      ],
      [
        [
          ['macros.yaml', 'intent: order_status', 'intent: out_of_scope'],
          ['intents.yaml', label, '- §label: order_status'],
        ],
        'no macro answers "order_status": write one in macros.yaml',
      ],
      [
        ['macros.yaml', 'from {{company}}', 'from §{{compny}}'],
        '{{compny}} is not known here; did you mean "company"?',
      ],
      [['macros.yaml', 'from {{company}}', 'from §{{Company}}'], 'double braces are for {{name}}'],
      [
        [
          'macros.yaml',
          'macros:',
          'macros:\n  - { id: a, intent: order_status, locale: en, title: A, text: a }\n  - { §id: a, intent: order_status, locale: en, title: A, text: a }',
        ],
        '"a" stands in line 2 already',
      ],
    ],
    prompts: [
      [
        ['prompts/classify.yaml', 'user: |\n  Subject: {{subject}}\n  {{text}}', '§user: hello'],
        '{{text}} is missing',
      ],
      [
        ['prompts/extract.yaml', 'user: "{{text}}"', '§user: "{{txt}}"'],
        '{{txt}} is not known here; did you mean "text"?',
      ],
      [
        ['prompts/sentiment.yaml', 'How does the customer feel?', '|\n  One\n  §two {{subject}}'],
        "{{subject}} brings a stranger's words among the instructions",
      ],
      [
        ['prompts/classify.yaml', 'Choose one of {{labels}}.', 'Choose.'],
        '{{labels}} is missing: classify cannot do without',
      ],
    ],
    fits: [
      [
        ['confidence/classify.json', '"step": "classify"', '§"step": "extract"'],
        'it belongs into confidence/extract.json',
      ],
      [
        ['confidence/classify.json', '"kind": "platt"', '§"kind": "plat"'],
        'must be one of identity, temperature',
      ],
      [['confidence/classify.json', '"slope": 1.1', '§"slope": -1'], '"slope" must be at least 0'],
      [
        ['confidence/classify.json', '"deviation": 0.3', '§"deviation": 0'],
        '"deviation" must be more than 0',
      ],
      [
        ['confidence/classify.json', '"fittedOn": "2026-11-24"', '§"fittedOn": "2026-11-31"'],
        'must be a day that exists',
      ],
      [
        ['confidence/classify.json', '"rows": 420', '§"row": 420'],
        '"row" is not known here; did you mean "rows"',
      ],
      [
        [
          'confidence/classify.json',
          '"calibrator": { "kind": "platt", "intercept": -0.2, "slope": 1.1 }',
          '§"calibrator": { "kind": "isotonic", "scores": [0.5, 0.4], "probabilities": [0.5, 0.6] }',
        ],
        'must have rising scores',
      ],
    ],
    models: [
      [['models.yaml', embedded, embedded.replace('model:', '§samples: 5, model:')], 'remove "samples"'],
      [['models.yaml', 'samples: 5', '§samples: 1'], '"samples" must be at least 2'],
      [
        ['models.yaml', 'draft: { small: embedded-small', 'draft: { §samples: 5, small: embedded-small'],
        '"samples" is not known here',
      ],
      [
        ['models.yaml', '- { name: embedded-big', '- { §name: embedded-small'],
        '"embedded-small" stands in line 2 already',
      ],
      [
        ['models.yaml', 'classify: { small: embedded-small', 'classify: { §small: embeded-small'],
        'no model is called "embeded-small"; did you mean',
      ],
      [
        ['models.yaml', 'classify: { small: embedded-small', 'classify: { §small: embedded-big'],
        '"embedded-big" is a big model, not a small one',
      ],
      [
        ['models.yaml', 'reference: { small: small-8b', 'reference: { §small: embedded-small'],
        '"embedded-small" has no price for input and output',
      ],
      [['models.yaml', 'from: 2026-07-01', '§from: 2025-07-01'], 'prices stand oldest first'],
      [['models.yaml', 'from: 2026-07-01', '§from: 2026-01-01'], 'two prices hold from 2026-01-01: keep one'],
      [
        ['models.yaml', 'input_per_million: "3"', '§input_per_million: "0.0000000001"'],
        'must be dollars as a decimal text',
      ],
      [
        ['models.yaml', 'input_per_million: "3"', '§input_per_million: 3.0'],
        '"input_per_million" must be a text: put it in quotes',
      ],
      [
        ['models.yaml', embedded, embedded.replace('model:', '§base_url: "http://a", model:')],
        'an embedded model runs here',
      ],
      [
        ['models.yaml', 'base_url: https://', '§base_url: https://ada:pw@'],
        '"base_url" must hold no user name',
      ],
      [
        ['models.yaml', 'base_url: https://models.example', '§base_url: models.example'],
        '"base_url" must be an address',
      ],
      [['models.yaml', 'api_key_variable: BIG_API_KEY', '§api_key_variable: sk-123'], 'never a key'],
      [
        [
          ['models.yaml', 'base_url: http://127.0.0.1:8000/v1\n', 'timeout_ms: 1\n'],
          ['models.yaml', 'draft: { small: embedded-small', 'draft: { §small: small-8b'],
        ],
        '"small-8b" has no address',
      ],
    ],
    policy: [
      [
        ['policy.yaml', 'always_person: [out_of_scope]', 'always_person: [§out_of_scop]'],
        'no intent is labelled "out_of_scop"; did you mean',
      ],
      [['policy.yaml', '[email, chat]', '[email, §email]'], '"email" stands in line 29 already'],
    ],
    certificates: [
      [['policy.yaml', 'accepted: 840', '§accepted: 1004'], 'must be at most the 1003 rows'],
      [['policy.yaml', 'errors: 21', '§errors: 841'], 'must be at most the 840 accepted'],
      [
        ['policy.yaml', 'target: 0.05', '§target: 0.03'],
        '21 errors among 840 accepted do not certify this target',
      ],
      [
        [
          ['policy.yaml', 'mode: selective', 'mode: joint'],
          ['policy.yaml', 'target: 0.05', '§target: 0.02'],
        ],
        '21 errors in 1003 rows do not certify this target',
      ],
      [['policy.yaml', 'target: 0.05', '§target: 0'], '"target" must be more than 0'],
      [
        [
          ['policy.yaml', '      delta: 0.05\n', ''],
          ['policy.yaml', 'certificate:', '§certificate:'],
        ],
        '"delta" is missing: only a joint certificate has none',
      ],
      [
        [
          ['policy.yaml', 'rate: 0.02', 'rate: 0.02, spread: expected_error'],
          [
            'policy.yaml',
            'scores: 0 0 0 0 0 0 0 1 4 12 23 31 44 56 82 103 137 168 191 188',
            '§scores: 9 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0',
          ],
        ],
        'must have answers from the threshold on',
      ],
      [
        ['policy.yaml', 'by: person }', 'by: person, §spread: expected_error }'],
        'needs a certificate with expected',
      ],
      [['policy.yaml', 'rate: 0.02', '§rate: 0.001'], '"rate" must be at least 0.005'],
      [['policy.yaml', 'on_alarm: escalate', '§on_alarm: tigten'], 'did you mean "tighten"?'],
      [['policy.yaml', 'fallback: escalate', '§fallback: drop'], 'must be one of escalate, hold, keep'],
      [
        ['policy.yaml', 'period: 2026-10-01/2026-10-31', '§period: 2026-10-31/2026-10-01'],
        '"period" must be two days, the earlier first',
      ],
      [['policy.yaml', 'below_threshold: 171', '§below_threshold: 1041'], 'must be at most the 1040 rows'],
      [['policy.yaml', 'scores: 0 0', '§scores: 9 0'], 'must be at most the 1040 rows'],
      [['policy.yaml', 'scores: 0 0', '§scores: 0'], '"scores" must be 20 counts with a space between'],
      [
        ['policy.yaml', 'below_threshold: 171', 'below_threshold: 171\n        §out_of_scope: 3'],
        'only classify tells what is out of scope',
      ],
      [['policy.yaml', 'data: sha256:2c', '§data: md5:2c'], '"data" must be sha256: and the hash'],
      [
        ['policy.yaml', 'shadow: { rate: 0.02, by: person }', '§shadow: { rate: 0.02 }'],
        'two replies are never equal, no model can audit them: set `by: person`',
      ],
      [
        [
          'policy.yaml',
          'polish: { threshold: 0.7',
          'polish: { §shadow: { rate: 0.1, by: person }, threshold: 0.7',
        ],
        'no small model polishes: there is nothing to audit',
      ],
      [
        ['policy.yaml', '  polish: { threshold: 0.7, hold_below: 0.5 }', POLISH_CERTIFIED],
        'no small model polishes',
      ],
    ],
    budgets: [
      [
        ['policy.yaml', 'model: frontier }', '§model: frontir }'],
        'no model is called "frontir"; did you mean',
      ],
      [
        ['policy.yaml', 'model: frontier }', '§model: embedded-big }'],
        '"embedded-big" runs here and costs nothing: remove the cap',
      ],
      [
        ['policy.yaml', 'per: month, dollars: "900", model: frontier', '§per: day, dollars: "900"'],
        'a cap of this kind stands in line 35 already: keep one of the two',
      ],
      [
        [
          ['policy.yaml', 'model: frontier }', '§model: frontier }'],
          ['models.yaml', 'output_per_million: "15"', 'reasoning_per_million: "15"'],
          [
            'models.yaml',
            'reference: { small: small-8b, big: frontier }',
            'reference: { small: small-8b, big: b }',
          ],
        ],
        '"frontier" has no price for input and output in models.yaml: its calls cannot be held to a cap',
      ],
      [
        [
          ['policy.yaml', 'per: day', '§per: day'],
          [
            'models.yaml',
            'polish: { small: embedded-small, big: embedded-big }',
            'polish: { small: embedded-small, big: b }',
          ],
          [
            'models.yaml',
            'models:',
            'models:\n  - { name: b, driver: openai, tier: big, model: b, base_url: "http://b" }',
          ],
        ],
        '"b" has no price for input and output in models.yaml',
      ],
    ],
    lines: [
      [['eval/classify.jsonl', '{"id"', '§{"idd"'], '"idd" is not known here; did you mean "id"?'],
      [
        ['eval/classify.jsonl', 'order_status"}', 'order_statsu"}§'],
        'no intent is labelled "order_statsu"; did you mean',
      ],
      [
        ['eval/sentiment.jsonl', 'positive"}', 'happy"}§'],
        '"label" must be one of negative, neutral, positive',
      ],
      [['eval/extract.jsonl', '"date"', '"dat"§'], 'no field is called "dat"; did you mean "date"?'],
      [['eval/draft.jsonl', '"order_status"', '"order_stats"§'], 'no intent is labelled "order_stats"'],
      [['eval/draft.jsonl', '"must_mention"', '"must_menton"§'], '"must_menton" is not known here'],
      [['eval/draft.jsonl', '{"id":"d1",', '{§'], '"id" is missing'],
      [['eval/polish.jsonl', '"id":"p1"', '"id":true§'], '"id" cannot be used here'],
      [['eval/polish.jsonl', '"draft":"We look for FF-204518.",', '§'], '"draft" is missing'],
      [
        ['prompts/judge.yaml', 'user: |\n  Message: {{text}}\n', 'user: |§\n'],
        '{{text}} is missing: judge cannot do without it',
      ],
      [['prompts/judge.yaml', 'Say which', 'Say {{first}}§ which'], 'brings a stranger'],
      [['prompts/judge.yaml', '{{company}}', '{{labels}}§'], '{{labels}} is not known here'],
      [['eval/extract.jsonl', '2026-11-24T09:30:00Z', '2026-11-24§'], '"received_at" must be a moment'],
      [
        ['inbox.jsonl', '"attachment_count":1', '"attachment_count":-1§'],
        '"attachment_count" must be at least 0',
      ],
      [['inbox.jsonl', '{"id"', '\n§not json\n{"id"'], 'the line is no JSON'],
      [
        [
          'inbox.jsonl',
          '{"id"',
          '{"id":"i1","channel":"c","conversation_id":"k","text":"t","received_at":"2026-11-24T09:30:00Z"}\n§{"id"',
        ],
        'the id "i1" stands in line 1 already',
      ],
    ],
  };

describe.each(Object.entries(cases))('%s', (_, rows) => {
  it.each(rows.map(([edit, message]) => [message, edit] as const))('%s', (message, edit) => {
    const { places, problems } = problemsAfter(
      typeof edit[0] === 'string' ? [edit as Edit] : (edit as Edit[]),
    );
    const told = problems.filter((problem) => problem.includes(message));
    expect(told, problems.join('\n')).toHaveLength(1);
    if (places.length > 0) expect(told[0]).toMatch(new RegExp(`^${places[0]}(?::\\d+)? `));
  });
});

it('tells everything at once, by file and line, also what the rest of a broken file gets wrong', () => {
  const { problems } = problemsAfter([
    ['pack.yaml', 'country: IE', 'country: Ireland'],
    ['intents.yaml', 'queue: logistics', 'queu: logistics'],
    ['intents.yaml', '- asdf', '- where is my parcel'],
    ['fields.yaml', 'kind: date', 'kind: day'],
    ['macros.yaml', 'intent: order_status', 'intent: orders'],
    ['macros.yaml', '    title: Where the parcel is\n', ''],
    ['macros.yaml', 'from {{company}}', 'from {{compny}}'],
    ['models.yaml', 'timeout_ms: 30000', 'timeout_ms: -1'],
    ['models.yaml', 'reference: { small: small-8b', 'reference: { small: small-8'],
    ['policy.yaml', 'polish: { threshold: 0.7', 'polish: { threshold: 7'],
    ['policy.yaml', '[out_of_scope]', '[out_of_scop]'],
    ['prompts/polish.yaml', '{{draft}}', '{{draf}}'],
    ['eval/classify.jsonl', 'order_status', 'order'],
    ['inbox.jsonl', '"text"', '"txt"'],
  ]);
  expect(problems.map((problem) => problem.slice(0, 60))).toMatchInlineSnapshot(`
    [
      "pack.yaml:6:1 "country" must be an ISO 3166 code of two lett",
      "intents.yaml:2:5 "queue" is missing: give a text",
      "intents.yaml:2:5 no macro answers "order_status": write one ",
      "intents.yaml:3:5 "queu" is not known here; did you mean "que",
      "intents.yaml:17:9 the same example stands under "order_statu",
      "fields.yaml:8:5 "kind" must be one of date, phone, money, em",
      "macros.yaml:2:5 "title" is missing: give a text",
      "macros.yaml:3:5 no intent is labelled "orders"",
      "macros.yaml:7 {{compny}} is not known here; did you mean "co",
      "models.yaml:18:5 "timeout_ms" must be at least 1",
      "models.yaml:36:14 no model is called "small-8"; did you mean",
      "policy.yaml:28:13 "threshold" must be at most 1",
      "policy.yaml:31:17 no intent is labelled "out_of_scop"; did y",
      "prompts/polish.yaml:2 {{draf}} is not known here; did you me",
      "prompts/polish.yaml:2:1 {{draft}} is missing: polish cannot ",
      "eval/classify.jsonl:1 no intent is labelled "order"",
      "inbox.jsonl:1 "text" is missing: give a text",
      "inbox.jsonl:1 "txt" is not known here; did you mean "text"?",
    ]
  `);
});

it('never repeats what may be a secret', () => {
  const { problems } = problemsAfter([
    ['models.yaml', 'api_key_variable: BIG_API_KEY', 'api_key_variable: sk-hunter2'],
    ['models.yaml', 'base_url: https://', 'base_url: https://ada:hunter2@'],
  ]);
  expect(problems).toHaveLength(2);
  expect(problems.join()).not.toContain('hunter2');
});

it('stops telling when a file is of another kind altogether', () => {
  const keys = Array.from({ length: 500 }, (_, index) => `key${index}: 1`).join('\n');
  const { problems } = problemsAfter([
    ['pack.yaml', 'currency: EUR', `${keys}\ncurrency: EUR`],
    ['eval/classify.jsonl', '{', `${'no\n'.repeat(500)}{`],
  ]);
  expect(problems).toHaveLength(202);
  expect(problems).toContain('pack.yaml:1:1 the file has 400 more problems');
  expect(problems).toContain('eval/classify.jsonl:101 the lines from here on were not looked at');
});
