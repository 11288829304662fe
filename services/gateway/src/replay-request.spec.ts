import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { DeadLetteredSchema } from '@spillway/contracts/events';
import { deadTopics } from '@spillway/contracts/topology';
import { describe, expect, it } from 'vitest';
import { deadTopicsOf, isAskedFor, replaySchema } from './replay-request.js';

const NOW = 1_000_000;
const letter = create(DeadLetteredSchema, {
  conversationId: 'c1',
  messageId: 'm1',
  group: 'router',
  originTopic: 'step.completed',
  eventId: 'm1/step.completed/1:small',
  errorCode: 'timed_out',
  failedAt: timestampFromMs(NOW - 60_000),
});

describe('a dead letter is asked for', () => {
  it.each<[string, object, boolean]>([
    ['nothing is named', {}, true],
    ['its topic is named', { topic: 'step.completed' }, true],
    ['another topic is named', { topic: 'message.received' }, false],
    ['its group is named', { group: 'router' }, true],
    ['another group is named', { group: 'ledger' }, false],
    ['its error is named', { code: 'timed_out' }, true],
    ['another error is named', { code: 'malformed' }, false],
    ['its message is named', { message_id: 'm1' }, true],
    ['another message is named', { message_id: 'm2' }, false],
    ['its conversation is named', { conversation_id: 'c1' }, true],
    ['another conversation is named', { conversation_id: 'c2' }, false],
    ['its event is named', { event_id: 'm1/step.completed/1:small' }, true],
    ['another event is named', { event_id: 'm1/step.completed/1:big' }, false],
    ['it is old enough', { min_age_s: 60 }, true],
    ['it is too young', { min_age_s: 61 }, false],
    ['it is young enough', { max_age_s: 60 }, true],
    ['it is too old', { max_age_s: 59 }, false],
    ['all that is named fits', { group: 'router', code: 'timed_out', max_age_s: 100 }, true],
    ['one of several does not fit', { group: 'router', code: 'unknown', max_age_s: 100 }, false],
  ])('where %s: %s %s', (_, request, wanted) => {
    expect(isAskedFor(letter, replaySchema.parse(request), NOW)).toBe(wanted);
  });
});

it('is refused where no dead letter could be of the age, with both ends', () => {
  const { error } = replaySchema.safeParse({ min_age_s: 61, max_age_s: 60 });
  expect(error?.issues.map(({ path, message }) => [path.join(), message])).toEqual([
    ['min_age_s', 'must not be over `max_age_s`'],
    ['max_age_s', 'must not be under `min_age_s`'],
  ]);
});

describe('the topics that are read', () => {
  it.each<[string, object, readonly string[]]>([
    ['all', {}, deadTopics],
    ['those of one event', { topic: 'draft.requested' }, ['draft.requested.drafter.dead']],
    ['those of one service', { group: 'polisher' }, ['polish.requested.polisher.dead']],
    ['one', { topic: 'step.completed', group: 'ledger' }, ['step.completed.ledger.dead']],
    ['none', { topic: 'draft.requested', group: 'ledger' }, []],
  ])('are %s', (_, request, topics) => {
    expect(deadTopicsOf(replaySchema.parse(request))).toEqual(topics);
  });
});
