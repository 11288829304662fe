import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Inject, Injectable } from '@nestjs/common';
import { context } from '@opentelemetry/api';
import { BUS, type Bus } from '@spillway/bus/bus';
import { emit, type Outgoing } from '@spillway/contracts/event';
import { AuditKind, AuditRecordedSchema, LabelSource } from '@spillway/contracts/events';
import { Fault } from '@spillway/contracts/fault';
import { KEYED_STATE, type KeyedState } from '@spillway/store/keyed-state';
import type { AuditRequestView, MessageView, StepView } from '@spillway/store/ledger';
import { headersOf } from '@spillway/telemetry/tracing';
import { z } from 'zod';
import { formOf, isWrong, type Label, labelOf, type Vocabulary } from './label-request.js';

export const VOCABULARY = Symbol('vocabulary');

/** Longer than the ledger can take to learn of a label; from then on it answers for it. */
const KEPT_MS = 30 * 86_400_000;

/** The label that stands for a step of a message. */
const givenSchema = z.object({ form: z.string(), reviewer: z.string(), atMs: z.int() });
type Given = Readonly<z.infer<typeof givenSchema>>;

/** Takes a person's word on what a small model answered, once for each step of a message. */
@Injectable()
export class Labels {
  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(KEYED_STATE) private readonly state: KeyedState,
    @Inject(VOCABULARY) private readonly vocabulary: Vocabulary,
  ) {}

  /**
   * Publishes what the label says of the small model's answer. A repeat changes nothing; another label is refused with
   * `conflict`, a step that the small model did not answer with `rejected`. Resolves, once the event is durable, with
   * whether the answer was wrong.
   */
  async give(view: MessageView, label: Label, reviewer: string, nowMs: number): Promise<boolean> {
    const small = view.steps.find(({ step, tier }) => step === label.step && tier === 'small');
    if (small === undefined || small.value === null) {
      throw new Fault('rejected', `the small model has no answer to ${label.step} here`, {
        problems: [{ where: '/step', message: 'was not answered by the small model' }],
      });
    }
    const wrong = isWrong(label, small.value);
    const form = formOf(label);
    const given = await this.stand(view, label.step, { form, reviewer, atMs: nowMs });
    if (given.form !== form) {
      throw new Fault('conflict', `${given.reviewer} has labelled ${label.step} otherwise`);
    }
    // Weeks later the detector would no longer know that it has counted this label.
    if (isRecorded(view, label.step)) return wrong;
    const event = recorded(view, label, given, { wrong, small }, this.vocabulary);
    await this.bus.publish([{ ...event, headers: headersOf(context.active()) }]);
    return wrong;
  }

  /** The label that stands: this one, or the one that was there before. */
  private async stand(view: MessageView, step: Label['step'], given: Given): Promise<Given> {
    const key = `label:{${view.id}}:${step}`;
    const found = await this.state.get(key);
    if (found !== undefined) return givenSchema.parse(JSON.parse(Buffer.from(found.value).toString()));
    if (isRecorded(view, step)) {
      throw new Fault('conflict', `${step} was labelled long ago`);
    }
    try {
      const value = Buffer.from(JSON.stringify(given));
      await this.state.write([{ kind: 'put', key, value, expect: 0, ttlMs: KEPT_MS }]);
      return given;
    } catch (error) {
      const fault = Fault.from(error);
      // Someone else was first, a moment ago.
      if (fault.code === 'conflict') return this.stand(view, step, given);
      throw fault;
    }
  }
}

const requestOf = (view: MessageView, step: Label['step']): AuditRequestView | undefined =>
  view.openAudits.find((request) => request.step === step);

/** Whether the ledger has a person's label of the step, and asks for none: what a person picked is no answer to a draw. */
const isRecorded = (view: MessageView, step: Label['step']): boolean =>
  requestOf(view, step) === undefined &&
  view.audits.some((audit) => audit.step === step && audit.source === 'truth');

/** What was in force when the small answer was decided on. */
function termsOf(view: MessageView, small: StepView) {
  const request = requestOf(view, small.step as Label['step']);
  if (request !== undefined) return request;
  const { step } = small;
  const decision = view.decisions.find((each) => each.step === step && each.tier === 'small');
  return {
    // Also a message that was drawn for the big model was picked by the person that labels it.
    rate: 0,
    confidence: decision?.confidence ?? null,
    threshold: decision?.threshold ?? null,
    fingerprint: small.fingerprint ?? '',
    policyVersion: decision?.policyVersion ?? '',
  };
}

function recorded(
  view: MessageView,
  label: Label,
  { reviewer, atMs }: Given,
  { wrong, small }: { readonly wrong: boolean; readonly small: StepView },
  vocabulary: Vocabulary,
): Outgoing {
  const { step } = label;
  const { rate, confidence, threshold, fingerprint, policyVersion } = termsOf(view, small);
  const asked = requestOf(view, step) !== undefined;
  return emit(
    AuditRecordedSchema,
    {
      task: step,
      conversationId: view.conversationId,
      messageId: view.id,
      kind: asked ? AuditKind.SHADOW : AuditKind.PERSON,
      source: LabelSource.TRUTH,
      wrong,
      rate,
      ...(confidence === null ? {} : { confidence }),
      ...(threshold === null ? {} : { threshold }),
      fingerprint,
      policyVersion,
      auditedAt: timestampFromMs(atMs),
      reviewer,
      ...labelOf(label, vocabulary),
    },
    asked ? `${step}:shadow` : `${step}:person`,
  );
}
