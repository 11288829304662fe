import 'reflect-metadata';
import { PATTERN_EXTRAS_METADATA, PATTERN_METADATA } from '@nestjs/microservices/constants.js';
import type { Outgoing } from '@spillway/contracts/event';
import { DeadLetteredSchema, MessageReceivedSchema, StepCompletedSchema } from '@spillway/contracts/events';
import { deadTopics } from '@spillway/contracts/topology';
import { expect, it } from 'vitest';
import { On, OnDeadLetter, type Received } from './on.js';

type Message = Received<typeof MessageReceivedSchema>;

class Methods {
  async whole({ event }: Message): Promise<readonly Outgoing[]> {
    return event.text === '' ? [] : [];
  }

  short(): readonly Outgoing[] {
    return [];
  }

  dead({ event }: Received<typeof DeadLetteredSchema>): readonly Outgoing[] {
    return event.errorCode === '' ? [] : [];
  }

  bare(_: Message): string {
    return 'done';
  }

  async nothing(_: Message): Promise<void> {}

  more(_: Message, __: number): readonly Outgoing[] {
    return [];
  }
}

// Specs are compiled without the decorator syntax; this is what it stands for, types included.
function decorate<K extends keyof Methods>(
  name: K,
  decorator: (target: object, key: string, method: TypedPropertyDescriptor<Methods[K]>) => void,
): void {
  const method = Object.getOwnPropertyDescriptor(Methods.prototype, name) as TypedPropertyDescriptor<
    Methods[K]
  >;
  decorator(Methods.prototype, name, method);
}
const metadata = (name: keyof Methods) => ({
  topics: Reflect.getMetadata(PATTERN_METADATA, Methods.prototype[name]) as unknown,
  extras: Reflect.getMetadata(PATTERN_EXTRAS_METADATA, Methods.prototype[name]) as unknown,
});

it('subscribes a method to the topic of the schema', () => {
  decorate('whole', On(MessageReceivedSchema));
  decorate('short', On(MessageReceivedSchema));
  const wanted = { topics: ['message.received'], extras: { schema: MessageReceivedSchema } };
  expect([metadata('whole'), metadata('short')]).toEqual([wanted, wanted]);
});

it('tells of the order that a method asks for', () => {
  decorate('whole', On(MessageReceivedSchema, { order: 'strict' }));
  expect(metadata('whole').extras).toEqual({ schema: MessageReceivedSchema, order: 'strict' });
});

it('subscribes a method to every dead-letter topic', () => {
  decorate('dead', OnDeadLetter());
  expect(metadata('dead')).toEqual({ topics: deadTopics, extras: { schema: DeadLetteredSchema } });
});

it('refuses a type that has no topic', () => {
  expect(() => On(DeadLetteredSchema)).toThrow(expect.objectContaining({ code: 'misconfigured' }));
});

it('does not compile for a method that does not fit', () => {
  // @ts-expect-error the parameter is of another event
  decorate('whole', On(StepCompletedSchema));
  // @ts-expect-error a dead letter is not the event that died
  decorate('whole', OnDeadLetter());
  // @ts-expect-error the result is no list of events
  decorate('bare', On(MessageReceivedSchema));
  // @ts-expect-error nothing is returned
  decorate('nothing', On(MessageReceivedSchema));
  // @ts-expect-error there is no second parameter
  decorate('more', On(MessageReceivedSchema));
});
