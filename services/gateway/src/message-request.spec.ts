import { Fault } from '@spillway/contracts/fault';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLine, readSubmission, TEXT_LIMIT } from './message-request.js';

const defaults = { channel: 'api', customer: '', subject: '', locale: '', attachment_count: 0 };

it('fills in what was left out', () => {
  expect(readSubmission({ text: 'hello' }, undefined)).toEqual({
    message: { text: 'hello', ...defaults },
    key: undefined,
  });
});

it('takes everything a message can have', () => {
  const body = {
    text: 'Where is my parcel?\n',
    channel: 'e-mail',
    conversation_id: '<thread-1@mail.example>',
    customer: 'ada@example.com',
    subject: 'Parcel',
    locale: 'de-AT',
    customer_facing: false,
    metadata: { order: '1', __proto__x: 'y' },
    attachment_count: 2,
  };
  expect(readSubmission(body, 'k1')).toEqual({ message: body, key: 'k1' });
  expect(readLine({ ...body, idempotency_key: 'k1' })).toEqual({ message: body, key: 'k1' });
});

it('mends text that no store could hold', () => {
  const { message } = readSubmission({ text: 'a\0b\ud83d', metadata: { note: '\udc00' } }, undefined);
  expect(message).toMatchObject({ text: 'a\uFFFDb\uFFFD', metadata: { note: '\uFFFD' } });
});

function faultsOf(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    const { code, problems } = error as Fault;
    return [code, ...problems.map(({ where, message }) => `${where} ${message}`)];
  }
}

describe('refuses', () => {
  it.each<[string, unknown, string[]]>([
    ['no object', [], [' must be an object']],
    ['no text', {}, ['/text is required']],
    ['blank text', { text: ' \n\t' }, ['/text must not be blank']],
    ['text that is none', { text: 7 }, ['/text must be a string']],
    ['an unknown field', { text: 'a', attachments: [] }, ['/attachments there is no such field']],
    ['a key in the body', { text: 'a', idempotency_key: 'k' }, ['/idempotency_key there is no such field']],
    [
      'a channel with spaces',
      { text: 'a', channel: 'my channel' },
      ['/channel must be letters, digits, and . : _ -'],
    ],
    ['an empty conversation', { text: 'a', conversation_id: '' }, ['/conversation_id must not be empty']],
    [
      'a conversation with a line break',
      { text: 'a', conversation_id: 'a\nb' },
      ['/conversation_id must not hold control characters'],
    ],
    [
      'a long subject',
      { text: 'a', subject: 'x'.repeat(2_001) },
      ['/subject must be at most 2000 characters long'],
    ],
    [
      'a language in words',
      { text: 'a', locale: 'Irish English' },
      ['/locale must be a language tag such as en-IE'],
    ],
    ['a maybe', { text: 'a', customer_facing: 'yes' }, ['/customer_facing must be a boolean']],
    [
      'half an attachment',
      { text: 'a', attachment_count: 0.5 },
      ['/attachment_count must be a whole number'],
    ],
    ['fewer than none', { text: 'a', attachment_count: -1 }, ['/attachment_count must be at least 0']],
    ['metadata with a number', { text: 'a', metadata: { 'a/b': 1 } }, ['/metadata/a~1b must be a string']],
    [
      'too much metadata',
      { text: 'a', metadata: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, ''])) },
      ['/metadata must have at most 50 entries'],
    ],
    [
      'everything at once',
      { text: 1, channel: '', subject: null, locale: 2, metadata: 'x', extra: 1 },
      [
        '/text must be a string',
        '/channel must be letters, digits, and . : _ -',
        '/subject must be a string',
        '/locale must be a string',
        '/metadata must be an object',
        '/extra there is no such field',
      ],
    ],
  ])('%s', (_, body, faults) => {
    expect(faultsOf(() => readSubmission(body, undefined))).toEqual(['malformed', ...faults]);
  });

  it.each([
    ['', 'empty'],
    ['with space', 'a space'],
    ['ä', 'no ASCII'],
    ['x'.repeat(256), 'long'],
  ])('the key %j: %s', (key) => {
    const faults = ['malformed', 'header Idempotency-Key must be 1 to 255 visible ASCII characters'];
    expect(faultsOf(() => readSubmission({ text: 'a' }, key))).toEqual(faults);
  });

  it('faults of body and header together', () => {
    expect(faultsOf(() => readSubmission({}, 'a b'))).toHaveLength(3);
  });
});

describe('the limit of text counts bytes of UTF-8', () => {
  it.each([
    ['as much as is taken', 'x'.repeat(TEXT_LIMIT), true],
    ['one byte more', 'x'.repeat(TEXT_LIMIT + 1), false],
    ['umlauts, two bytes each', 'ä'.repeat(TEXT_LIMIT / 2), true],
    ['umlauts and one byte', `${'ä'.repeat(TEXT_LIMIT / 2)}x`, false],
    ['emoji, four bytes each', '😀'.repeat(TEXT_LIMIT / 4), true],
    ['emoji and one byte', `${'😀'.repeat(TEXT_LIMIT / 4)}x`, false],
  ])('%s', (_, text, taken) => {
    const result = faultsOf(() => readSubmission({ text, unknown: 1 }, undefined));
    expect(result).toEqual(
      taken
        ? ['malformed', '/unknown there is no such field']
        : ['too_large', expect.stringContaining('/text has')],
    );
  });
});

it('reads or refuses whatever JSON holds, and nothing else happens', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (body) => {
      try {
        readLine(body);
      } catch (error) {
        expect(error).toBeInstanceOf(Fault);
        expect((error as Fault).problems.length).toBeGreaterThan(0);
      }
    }),
  );
});
