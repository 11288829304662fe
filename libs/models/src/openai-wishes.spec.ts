import { BadRequestError, InternalServerError } from 'openai';
import { expect, it } from 'vitest';
import { concede, everything, type Wishes } from './openai-wishes.js';

const refusal = (message: string, param?: string): Error =>
  new BadRequestError(400, { message, param }, undefined, new Headers());

it.each<[string, Error, Wishes, Partial<Wishes> | undefined]>([
  ['a parameter that is named', refusal('not supported', 'logprobs'), everything, { topTokens: 0 }],
  ['words in a message', refusal('This model does not support logprobs.'), everything, { topTokens: 0 }],
  [
    'so many',
    refusal('Requested sample logprobs of 20, which is greater than max allowed: 5'),
    everything,
    { topTokens: 5 },
  ],
  ['any number', refusal('not supported', 'top_logprobs'), { ...everything, topTokens: 5 }, { topTokens: 0 }],
  ['a schema', refusal('response_format is not available'), everything, { schema: false }],
  [
    'a limit by its new name',
    refusal("Use 'max_completion_tokens' instead."),
    everything,
    { tokenLimit: 'max_completion_tokens' },
  ],
  ['a temperature', refusal('temperature must be 1'), everything, { temperature: false }],
  ['what was given up before', refusal('no logprobs'), { ...everything, topTokens: 0 }, undefined],
  ['something else', refusal('the prompt is too long'), everything, undefined],
  ['a prompt that is quoted further down', refusal(`no${' '.repeat(500)}logprobs`), everything, undefined],
  [
    'an error that is no refusal',
    new InternalServerError(500, { message: 'logprobs' }, undefined, new Headers()),
    everything,
    undefined,
  ],
])('answers a refusal of %s', (_, error, wishes, want) => {
  expect(concede(wishes, error)).toEqual(want && { ...wishes, ...want });
});
